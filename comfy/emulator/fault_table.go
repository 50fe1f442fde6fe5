package emulator

// faultKinds is the one table of faults: syntax and meaning.
func faultKinds() []faultKind {
	one := func(a ...faultArg) []faultArg { return a }
	return []faultKind{
		{
			FaultStatus, one(argEndpoint(), argStatus(), argCount(), argRetryAfter()), 2,
			"answers with this status instead of handling the request, as a proxy in front of the server does",
		},
		{
			FaultReplyStatus, one(argEndpoint(), argStatus(), argCount()), 2,
			"handles the request, then answers with this status",
		},
		{
			FaultReplyLost, one(argEndpoint(), argCount()), 1,
			"handles the request, then cuts the connection before the reply",
		},
		{
			FaultReplyDelay, one(argEndpoint(), argTime(), argCount()), 2,
			"handles the request at once and replies late",
		},
		{
			FaultReplyCut, one(argEndpoint(), argBytes("bytes"), argCount()), 2,
			"cuts the connection after so many bytes of the body",
		},
		{
			FaultReplyStall, one(argEndpoint(), argBytes("bytes"), argCount()), 2,
			"sends so many bytes of the body, then nothing more, and keeps the connection open",
		},
		{
			FaultReplyDrip, one(argEndpoint(), argTime(), argCount()), 2,
			"sends the body one byte at a time with this pause between",
		},
		{
			FaultLengthLies, one(argEndpoint(), argBytes("bytes"), argCount()), 2,
			"says this Content-Length whatever the body is, then ends the connection",
		},
		{
			FaultBody, one(argEndpoint(), argKind(bodyKinds()...), argCount()), 2,
			"answers 200 with such a body",
		},
		{
			FaultHTML, one(argEndpoint(), argCount()), 1,
			"answers 200 with the HTML page of a login gateway",
		},
		{
			FaultRedirect, one(argEndpoint(), argURL()), 2,
			"answers 302 to that address",
		},

		{FaultWSRefuse, one(argCount()), 0, "answers 403 to WebSocket upgrades"},
		{FaultWSReset, one(argTime(), argCount()), 1, "resets every socket so long after it opened"},
		{FaultWSSilent, nil, 0, "sockets open and are greeted, then hear nothing"},
		{FaultWSJunk, one(argCount()), 0, "sends broken and unknown messages before each event"},
		{FaultWSHuge, one(argBytes("bytes"), argCount()), 1, "sends one text message of that size after the greeting"},
		{FaultWSHugeImage, one(argBytes("bytes"), argCount()), 1, "sends one preview picture of that size after the greeting"},
		{FaultWSDrop, one(argEvent(), argCount()), 1, "loses events of this type"},
		{FaultWSDelay, one(argTime(), argCount()), 1, "delivers each event so much later"},
		{
			FaultWSReplaceBug, one(argKind("on", "off")), 0,
			"on, as in the real server and by default: when an older socket of a client id closes, the newer one goes mute",
		},

		{FaultValidateDelay, one(argTime(), argCount()), 1, "takes so long to validate a prompt"},
		{FaultNodeErrors, one(argCount()), 0, "accepts prompts with 200 and node_errors, and skips the last of several outputs"},
		{FaultDuplicateIDs, one(argKind("reject")), 1, "answers 409 to a prompt id that is known already"},
		{FaultVanish, one(argNth()), 0, "the job, or the n-th, disappears when it should start, without history or event"},
		{FaultForget, one(argKindOrTime()), 1, "restarts the server without its memory this long after its start, or in the middle of the n-th job"},
		{FaultZombie, one(argNth()), 0, "the worker dies with the first job, or the n-th; HTTP goes on"},
		{FaultOOM, one(argClass(), argCount()), 1, "nodes of this class run out of GPU memory"},
		{FaultException, one(argClass(), argCount()), 1, "nodes of this class raise a RuntimeError"},
		{FaultBlocker, one(argClass(), argCount()), 1, "nodes of this class block their consumers"},
		{FaultExpand, one(argClass(), argCount()), 1, "nodes of this class run as a child node P.0.0.1, as node expansion does"},
		{FaultInterruptLost, one(argCount()), 0, "interrupts answer 200 and do nothing"},
		{FaultInterruptLate, one(argCount()), 0, "interrupts strike the next job instead of the running one"},
		{FaultHistoryDelay, one(argTime(), argCount()), 1, "pauses between execution_success and the history entry"},
		{FaultHistoryLost, one(argCount()), 0, "jobs end without a history entry"},

		{FaultOutputGone, one(argCount()), 0, "deletes the files of a job once its history is written"},
		{FaultZeroBytes, one(argCount()), 0, "saves empty files"},
		{FaultTempOnly, nil, 0, "saves into the temp folder"},
		{FaultTextOutput, one(argCount()), 0, "output nodes report text instead of files"},
		{FaultUnknownKind, one(argCount()), 0, "output nodes report their files under a key that nobody knows"},
		{FaultHostileNames, one(argCount()), 0, "outputs get file names that attack the client's disk and terminal"},
		{FaultOutside, one(argCount()), 0, "output nodes also report files outside of the output folder, which /view refuses"},
		{FaultManyOutputs, one(argBytes("items")), 1, "output nodes report so many files"},
		{FaultListingCost, one(argTime()), 1, "saving takes so long per file that is already in the folder"},
	}
}

// argKindOrTime reads a job number or a duration.
func argKindOrTime() faultArg {
	nth, after := argNth(), argTime()
	return faultArg{"nth|duration", func(f *Fault, s string) error {
		if nth.set(f, s) == nil {
			return nil
		}
		return after.set(f, s)
	}, func(f Fault) string { return nth.text(f) + after.text(f) }}
}
