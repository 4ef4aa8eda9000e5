package toolcall

import (
	"slices"
	"strings"
)

// Event is text to be shown, or a part of a call.
type Event struct {
	Text string
	Call *Delta
}

// Delta is a part of a call. The first one of each index has the name.
type Delta struct {
	Index     int
	Name      string
	Arguments string
	Done      bool // the call is complete
}

// Parser reads one answer. How it was chopped changes the size of the parts only.
type Parser struct {
	format Format
	names  []string // of the tools that there are; a call of another is text

	state   state
	held    []byte // text that may be the beginning of a marker, or white space before one
	raw     strings.Builder
	list    bool // within an array of calls
	listed  bool // the array was opened
	object  *object
	told    bool // the call's name was told
	sent    int  // bytes of its arguments that were told
	index   int
	begun   bool // something other than white space was read
	between bool // a call was read, and white space after it is nobody's
	name    strings.Builder
}

type state int

const (
	inText state = iota
	inCalls
	inName
)

// New reads an answer by a format. names are the tools that may be called.
func New(format Format, names []string) *Parser {
	return &Parser{format: format, names: names}
}

// Begin says that the prompt has opened a call already, with this text.
func (p *Parser) Begin(opened string) {
	p.begun = true
	p.enter(opened)
	if strings.HasSuffix(opened, "[") && p.format.List {
		p.list, p.listed = true, true
	}
}

// Calls counts the calls that were begun.
func (p *Parser) Calls() int {
	if p.told {
		return p.index + 1
	}
	return p.index
}

// Push takes the next text.
func (p *Parser) Push(text string) []Event {
	var out []Event
	for i := range len(text) {
		out = p.step(out, text[i])
	}
	return p.flow(out)
}

// Flush ends the answer. A call that was told and is not complete stays as it is.
func (p *Parser) Flush() []Event {
	var out []Event
	if p.state == inText {
		if !p.between || strings.TrimSpace(string(p.held)) != "" {
			out = say(out, string(p.held))
		}
		p.held = nil
		return out
	}
	if !p.told && strings.TrimSpace(p.raw.String()) != strings.TrimSpace(p.format.Open) {
		if !p.between || p.object != nil || p.name.Len() > 0 {
			out = say(out, p.raw.String())
		}
	}
	p.state = inText
	p.raw.Reset()
	return out
}

func (p *Parser) step(out []Event, b byte) []Event {
	switch p.state {
	case inText:
		return p.inText(out, b)
	case inName:
		return p.inName(out, b)
	}
	return p.inCalls(out, b)
}

// inText looks for the beginning of a call, and holds back what may be one.
func (p *Parser) inText(out []Event, b byte) []Event {
	p.held = append(p.held, b)
	text := string(p.held)
	trimmed := strings.TrimLeft(text, " \t\r\n")
	if trimmed == "" {
		return out
	}
	bare := p.format.Open == "" && !p.begun
	if bare && (trimmed == "{" || trimmed == "[") {
		p.held = nil
		p.begun = true
		p.enter(text[:len(text)-1])
		return p.inCalls(out, b)
	}
	for _, open := range p.openings() {
		at := strings.Index(text, open)
		if at < 0 {
			continue
		}
		if before := strings.TrimRight(text[:at], " \t\r\n"); before != "" {
			out = say(out, text[:len(before)])
		}
		p.held = nil
		p.begun = true
		p.enter(open)
		return out
	}
	keep := p.suspicious(text)
	if len(keep) == len(text) {
		return out
	}
	shown := text[:len(text)-len(keep)]
	if p.between {
		shown, p.between = strings.TrimLeft(shown, " \t\r\n"), false
	}
	p.begun = true
	p.held = append(p.held[:0], keep...)
	return say(out, shown)
}

func (p *Parser) openings() []string {
	if p.format.Open == "" {
		return []string{"<|python_tag|>"}
	}
	return []string{p.format.Open}
}

// suspicious is the end of text that may become white space and a marker.
func (p *Parser) suspicious(text string) string {
	most := 0
	for _, open := range p.openings() {
		for n := min(len(open)-1, len(text)); n > most; n-- {
			if strings.HasSuffix(text, open[:n]) {
				most = n
			}
		}
	}
	before := strings.TrimRight(text[:len(text)-most], " \t\r\n")
	return text[len(before):]
}

// enter begins to read calls.
func (p *Parser) enter(marker string) {
	p.raw.Reset()
	p.raw.WriteString(marker)
	p.list, p.listed, p.object, p.told, p.sent = false, false, nil, false, 0
	p.name.Reset()
	p.state = inCalls
	if p.format.Named {
		p.state = inName
	}
}

// inName reads a name that stands without quotes.
func (p *Parser) inName(out []Event, b byte) []Event {
	p.raw.WriteByte(b)
	p.name.WriteByte(b)
	text := p.name.String()
	if strings.HasSuffix(text, p.format.Middle) || b == '{' {
		name, _, _ := strings.Cut(strings.TrimSuffix(strings.TrimSuffix(text, "{"), p.format.Middle), "[")
		p.object = &object{name: strings.TrimSpace(name), named: true, value: true, key: "arguments", depth: 1}
		p.state = inCalls
		if b == '{' {
			return p.feed(out, b)
		}
		return out
	}
	if len(text) > 256 {
		return p.giveUp(out)
	}
	return out
}

// inCalls reads calls until something says that they end.
func (p *Parser) inCalls(out []Event, b byte) []Event {
	if p.object != nil {
		p.raw.WriteByte(b)
		return p.feed(out, b)
	}
	switch {
	case space(b), b == ',', b == ';':
		p.raw.WriteByte(b)
		return out
	case b == '[' && !p.listed:
		p.raw.WriteByte(b)
		p.list, p.listed = true, true
		return out
	case b == ']' && p.list:
		p.raw.WriteByte(b)
		p.list = false
		if p.format.Close == "" {
			return p.leave(out)
		}
		return out
	case b == '{':
		p.raw.WriteByte(b)
		p.object = &object{}
		return p.feed(out, b)
	}
	p.raw.WriteByte(b)
	return p.closing(out)
}

// closing waits for the marker at the end; anything else means that these are no calls.
func (p *Parser) closing(out []Event) []Event {
	text := p.raw.String()
	if p.format.Close != "" {
		for n := len(p.format.Close); n > 0; n-- {
			if !strings.HasSuffix(text, p.format.Close[:n]) {
				continue
			}
			if n == len(p.format.Close) {
				return p.leave(out)
			}
			return out
		}
	}
	return p.giveUp(out)
}

// leave goes back to text after a marker.
func (p *Parser) leave(out []Event) []Event {
	p.state = inText
	p.raw.Reset()
	p.between = true
	return out
}

// giveUp shows what was taken for a call as text. A call that was told cannot be taken back: it ends here.
func (p *Parser) giveUp(out []Event) []Event {
	if p.told {
		return p.finish(out)
	}
	out = say(out, p.raw.String())
	p.raw.Reset()
	p.state, p.object, p.between = inText, nil, false
	return out
}

// feed gives a byte to the call that is being read. In the format with a bare name, the arguments are all
// there is, and their end is the call's.
func (p *Parser) feed(out []Event, b byte) []Event {
	o := p.object
	if p.format.Named && !o.begun && !space(b) && b != '{' {
		return p.giveUp(out)
	}
	o.feed(b)
	if p.format.Named && o.depth == 1 && (b == '}') && !o.quote {
		o.end()
		o.done = true
	}
	unknown := o.named && !slices.Contains(p.names, o.name)
	if (o.bad && !p.told) || (unknown && !p.told) || (o.done && !o.named) {
		return p.giveUp(out)
	}
	if o.bad {
		return p.giveUp(out)
	}
	if !o.done {
		return out
	}
	return p.finish(out)
}

// finish completes a call.
func (p *Parser) finish(out []Event) []Event {
	o := p.object
	rest := o.take()
	if p.sent == 0 && rest == "" {
		rest = "{}"
	}
	d := &Delta{Index: p.index, Arguments: rest, Done: true}
	if !p.told {
		d.Name = o.name
	}
	p.index++
	p.object, p.told, p.sent, p.between = nil, false, 0, true
	p.raw.Reset()
	out = append(out, Event{Call: d})
	if o.bad || (p.format.Open != "" && p.format.Close == "" && !p.list) { // nothing closes it
		p.state = inText
	}
	return out
}

// flow tells what is there of a call, once its name is known.
func (p *Parser) flow(out []Event) []Event {
	o := p.object
	if p.state != inCalls || o == nil || !o.named || o.bad {
		return out
	}
	if o.text && !o.whole {
		return out
	}
	args := o.take()
	if p.told && args == "" {
		return out
	}
	d := &Delta{Index: p.index, Arguments: args}
	if !p.told {
		d.Name = o.name
	}
	p.told = true
	p.sent += len(args)
	p.raw.Reset()
	return append(out, Event{Call: d})
}

func say(out []Event, text string) []Event {
	if text == "" {
		return out
	}
	if n := len(out); n > 0 && out[n-1].Call == nil {
		out[n-1].Text += text
		return out
	}
	return append(out, Event{Text: text})
}
