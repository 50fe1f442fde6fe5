package config

// RunPod says how RunPod is reached, and with what.
type RunPod struct {
	Key Secret // RUNPOD_API_KEY
	// JobsURL and AccountURL are where jobs go and where the account is; "" =
	// RunPod's own. Who sets them means the key to go there.
	JobsURL, AccountURL string // RUNPOD_ENDPOINT_BASE_URL, RUNPOD_REST_BASE_URL
	// PodURL is the form of the address of a pod's port, with {pod} and {port};
	// "" = RunPod's proxy. No key goes there.
	PodURL string // RUNPOD_POD_URL
}

// RunPod reads them from the environment: no file of a project can send the key
// elsewhere.
func (c *Config) RunPod() RunPod {
	if c.getenv == nil { // settings that were made and not loaded
		return RunPod{}
	}
	return RunPod{
		Key:     NewSecret(c.getenv("RUNPOD_API_KEY")),
		JobsURL: c.getenv("RUNPOD_ENDPOINT_BASE_URL"), AccountURL: c.getenv("RUNPOD_REST_BASE_URL"),
		PodURL: c.getenv("RUNPOD_POD_URL"),
	}
}
