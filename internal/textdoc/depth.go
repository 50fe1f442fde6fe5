package textdoc

// tooDeep returns the offset where a document is nested deeper than maxNesting,
// or -1. It runs before the parsers, some of which take time and memory with
// the square of the depth. Where it cannot know, it counts too much rather than
// too little.
func tooDeep(f Format, data []byte) int {
	if f == YAML {
		return deepYAML(data)
	}
	return deepJSON(data)
}

func deepJSON(data []byte) int {
	depth := 0
	for i := 0; i < len(data); i++ {
		switch c := data[i]; c {
		case '[', '{':
			if depth++; depth > maxNesting {
				return i
			}
		case ']', '}':
			depth = max(0, depth-1)
		case '"':
			i = afterString(data, i) - 1
		case '/':
			i = afterComment(data, i) - 1
		}
	}
	return -1
}

// afterString is the offset behind a string in double quotes.
func afterString(data []byte, at int) int {
	for at++; at < len(data) && data[at] != '"'; at++ {
		if data[at] == '\\' {
			at++
		}
	}
	return at + 1
}

// afterComment is the offset behind a comment, or behind a lone slash.
func afterComment(data []byte, at int) int {
	if at+1 >= len(data) {
		return at + 1
	}
	switch data[at+1] {
	case '/':
		for at < len(data) && data[at] != '\n' {
			at++
		}
		return at + 1
	case '*':
		for at += 3; at < len(data) && (data[at] != '/' || data[at-1] != '*'); at++ {
		}
	}
	return at + 1
}

// deepYAML counts brackets, and levels of indentation: dashes, question marks
// and colons at the beginning of a line open some too. Brackets in texts count
// as well; but in brackets, one that closes in quotes or in a comment does not.
func deepYAML(data []byte) int {
	var indents []int // of the open levels
	flow, quote := 0, byte(0)
	for i := 0; i < len(data); {
		if flow == 0 {
			indents = levels(indents, data[i:])
		}
		quotes := false // on this line
		for ; i < len(data) && data[i] != '\n'; i++ {
			c, begins := data[i], i == 0 || isEdge(data[i-1])
			switch {
			case c == '[' || c == '{':
				flow++
			case quote != 0:
				switch {
				case c == '\\' && quote == '"':
					i++
				case c == quote:
					quote = 0
				}
			case (c == ']' || c == '}') && flow > 0:
				flow--
			case (c == '"' || c == '\'') && begins && flow > 0:
				quote = c
			case c == '#' && begins && (flow > 0 || !quotes):
				for i+1 < len(data) && data[i+1] != '\n' {
					i++
				}
			}
			quotes = quotes || c == '"' || c == '\''
			if flow == 0 {
				quote = 0
			}
			if flow+len(indents) > maxNesting {
				return i
			}
		}
		i++
	}
	return -1
}

// isEdge reports whether a token may begin behind c.
func isEdge(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r', '[', ']', '{', '}', ',', ':':
		return true
	}
	return false
}

// levels are the levels that are open behind the beginning of a line: one for
// each column where a dash, a question mark, a tag, an anchor or the text
// begins.
func levels(open []int, line []byte) []int {
	first := true
	for at := 0; at < len(line); at++ {
		switch c := line[at]; c {
		case ' ', '\t':
			continue
		case '\n', '\r', '#':
			if first {
				return open // says nothing
			}
		}
		if first {
			n := len(open)
			for n > 0 && open[n-1] >= at {
				n--
			}
			open, first = open[:n], false
		}
		open = append(open, at)
		switch c := line[at]; {
		case (c == '-' || c == '?' || c == ':') && at+1 < len(line) && (line[at+1] == ' ' || line[at+1] == '\t'):
		case c == '!' || c == '&':
			for at+1 < len(line) && line[at+1] != ' ' && line[at+1] != '\t' && line[at+1] != '\n' {
				at++
			}
		default:
			return open
		}
		if len(open) > maxNesting {
			return open
		}
	}
	return open
}
