package toolcall

import (
	"encoding/json"
	"strings"
)

// object reads {"name": ..., "arguments": {...}} byte by byte.
type object struct {
	depth int
	quote bool // within a string
	esc   bool // after a backslash within a string
	key   string
	token strings.Builder // the key or value at the first level that is being read
	value bool            // token is a value

	name  string
	named bool
	args  strings.Builder // read, and not told yet
	begun bool            // the first byte of the arguments was read
	whole bool            // they are complete
	text  bool            // the arguments are a string that holds JSON
	done  bool
	bad   bool
}

// feed takes a byte.
func (o *object) feed(b byte) {
	switch {
	case o.depth == 0:
		if o.bad = b != '{'; !o.bad {
			o.depth = 1
		}
	case o.quote:
		o.put(b)
		switch {
		case o.esc:
			o.esc = false
		case b == '\\':
			o.esc = true
		case b == '"':
			o.quote = false
		}
	case b == '"':
		o.quote = true
		o.put(b)
	case b == '{' || b == '[':
		o.depth++
		if o.put(b); o.depth > maxDepth || !o.value {
			o.bad = true
		}
	case b == '}' || b == ']':
		if o.depth--; o.depth == 0 {
			o.end()
			o.done = b == '}'
			o.bad = o.bad || b != '}'
			return
		}
		o.put(b)
	case o.depth == 1 && b == ':' && !o.value:
		o.bad = json.Unmarshal([]byte(strings.TrimSpace(o.token.String())), &o.key) != nil
		o.token.Reset()
		o.value = true
	case o.depth == 1 && b == ',':
		o.end()
	default:
		o.put(b)
	}
}

// maxDepth bounds how deep arguments are.
const maxDepth = 512

// put keeps a byte of what is being read. Arguments that are no string are told as they come.
func (o *object) put(b byte) {
	if o.value && o.isArgs() {
		if !o.begun {
			if space(b) {
				return
			}
			o.begun, o.text = true, b == '"'
		}
		if !o.text {
			o.args.WriteByte(b)
			return
		}
	}
	if o.token.Len() > 0 || !space(b) {
		o.token.WriteByte(b)
	}
}

func (o *object) isArgs() bool {
	return !o.whole && (o.key == "arguments" || o.key == "parameters")
}

// end is reached when a member at the first level is complete.
func (o *object) end() {
	if !o.value {
		if strings.TrimSpace(o.token.String()) != "" {
			o.bad = true
		}
		return
	}
	token := strings.TrimSpace(o.token.String())
	switch {
	case o.isArgs():
		if o.text {
			var inner string
			o.bad = o.bad || json.Unmarshal([]byte(token), &inner) != nil
			o.args.WriteString(inner)
		}
		o.whole = true
	case o.key == "name":
		o.named = json.Unmarshal([]byte(token), &o.name) == nil && o.name != ""
		o.bad = o.bad || !o.named
	}
	o.token.Reset()
	o.key, o.value = "", false
}

// take returns the arguments that came since the last call. White space at their end waits: it may be that
// between them and the brace.
func (o *object) take() string {
	all := o.args.String()
	s := strings.TrimRight(all, " \t\r\n")
	o.args.Reset()
	if !o.whole {
		o.args.WriteString(all[len(s):])
	}
	return s
}

func space(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }
