package llama

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/hybridgroup/yzma/pkg/llama"

	"github.com/parley-chat/parley/internal/serving/eval"
	"github.com/parley-chat/parley/internal/serving/llama/grammar"
)

// follow compiles a grammar and writes text by it, byte by byte.
func follow(t testing.TB, m *model, schema, text string) *constraint {
	t.Helper()
	gbnf, err := grammar.FromSchema([]byte(schema))
	if err != nil {
		t.Fatal(err)
	}
	c, err := newConstraint(m, gbnf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.free)
	for i := range len(text) {
		token := byteToken(t, m, text[i])
		if !c.allows(token) {
			t.Fatalf("%q is refused after %q", text[i], text[:i])
		}
		c.accept(token)
	}
	return c
}

func byteToken(t testing.TB, m *model, b byte) llama.Token {
	t.Helper()
	for _, token := range m.firstBytes().alone {
		if m.pieces[token][0] == b {
			return token
		}
	}
	t.Fatalf("no token spells the byte %#x", b)
	return 0
}

func TestConstraint(t *testing.T) {
	m := realModel(t)
	const schema = `{"type": "object", "properties": {"name": {"type": "string", "maxLength": 8}}, "required": ["name"], "additionalProperties": false}`
	logits := make([]float32, m.nVocab)
	end := llama.VocabEOS(m.vocab)

	c := follow(t, m, schema, `{"name": "`)
	if c.allows(end) {
		t.Error("the end is allowed in the middle")
	}
	for token, spelling := range m.controls {
		if c.allows(token) {
			t.Errorf("the control token %q is allowed within a text", spelling)
		}
	}
	// A character in two tokens is one; half a character is none, and nor is one that does not begin.
	first, second := byteToken(t, m, "é"[0]), byteToken(t, m, "é"[1])
	if c.allows(second) || !c.allows(first) {
		t.Error("bytes that make no character")
	}
	c.accept(first)
	if c.allows(byteToken(t, m, '"')) || c.allows(first) || !c.allows(second) {
		t.Error("a character is left half")
	}
	for _, d := range c.allowed(logits) {
		if rest, ok := joinUTF8([]byte{"é"[0]}, m.pieces[d.Id]); !ok || !utf8.ValidString("\xc3"+m.pieces[d.Id][:len(m.pieces[d.Id])-len(rest)]) {
			t.Errorf("token %q goes on with half a character", m.pieces[d.Id])
		}
	}

	done := follow(t, m, schema, `{"name": "Ada"}`)
	list := done.allowed(logits)
	if len(list) == 0 {
		t.Fatal("nothing is allowed at the end")
	}
	for _, d := range list {
		if !llama.VocabIsEOG(m.vocab, d.Id) {
			t.Errorf("%q is allowed after the end", m.pieces[d.Id])
		}
	}
	if done.allows(byteToken(t, m, ' ')) {
		t.Error("white space is allowed after the end")
	}
}

// What the first bytes rule out is what the whole grammar refuses.
func TestFirstBytesLeaveNothingOut(t *testing.T) {
	m := realModel(t)
	logits := make([]float32, m.nVocab)
	for _, text := range []string{``, `{`, `{"k`, `{"kind": `, `{"kind": "task", "n": -3`, `{"kind": "task", "n": -3, "s": "x`} {
		c := follow(t, m, `{"type": "object", "properties": {"kind": {"enum": ["note", "task"]}, "n": {"type": "number"}, "s": {"type": "string"}},
			"required": ["kind", "n", "s"]}`, text)
		var every []llama.TokenData
		for id := range m.nVocab {
			if m.pieces[id] != "" || c.ends[llama.Token(id)] {
				every = append(every, llama.TokenData{Id: llama.Token(id)})
			}
		}
		want := append([]llama.TokenData(nil), c.filter(every)...)
		got := c.allowed(logits)
		if len(got) != len(want) {
			t.Fatalf("after %q: %d tokens, the grammar takes %d", text, len(got), len(want))
		}
		for i := range got {
			if got[i].Id != want[i].Id {
				t.Errorf("after %q: token %d, want %d", text, got[i].Id, want[i].Id)
			}
		}
	}
}

// The largest grammars that are written, the library takes as well, and asks in bounded time.
func TestLargeGrammars(t *testing.T) {
	m := realModel(t)
	var values, members strings.Builder
	for i := range 9000 {
		fmt.Fprintf(&values, `, "value number %d"`, i)
	}
	for i := range 1500 {
		fmt.Fprintf(&members, `, "member%d": {"type": "string", "maxLength": %d}`, i, i)
	}
	for name, schema := range map[string]string{
		"values":     `{"enum": ["first"` + values.String() + `]}`,
		"members":    `{"properties": {"first": {}` + members.String() + `}}`,
		"long text":  `{"type": "string", "minLength": 7000, "maxLength": 15000}`,
		"long list":  `{"type": "array", "minItems": 900, "maxItems": 1000, "items": {"type": "array", "items": {"type": "string", "maxLength": 15000}, "maxItems": 1000}}`,
		"pattern":    `{"pattern": "^(ab{1,30}|c{1,30}){1,20}$"}`,
		"ambiguous":  `{"pattern": "^(a|a|aa)*(a|ab|abc)*$", "maxLength": 200}`,
		"names":      `{"patternProperties": {"^a": {}, "b$": {}, "c": {}}, "additionalProperties": {"pattern": "d"}}`,
		"divisible":  `{"type": "integer", "multipleOf": 97, "minimum": 12345, "maximum": 98765432}`,
		"many kinds": `{"anyOf": [{"type": "object"}, {"type": "array"}, {"type": "string", "pattern": "x"}, {"type": "string", "format": "date-time"}, {"type": "number", "minimum": 3}]}`,
	} {
		gbnf, err := grammar.FromSchema([]byte(schema))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		began := time.Now()
		c, err := newConstraint(m, gbnf)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		made := time.Since(began)
		began = time.Now()
		for range 6 {
			list := c.allowed(make([]float32, m.nVocab))
			if len(list) == 0 {
				t.Errorf("%s: no token goes on", name)
				break
			}
			c.accept(list[len(list)/2].Id)
			if c.ends[list[len(list)/2].Id] {
				break
			}
		}
		took := time.Since(began)
		t.Logf("%s: %d bytes, compiled in %v, six tokens in %v", name, len(gbnf), made, took)
		if made > 10*time.Second || took > 10*time.Second {
			t.Errorf("%s takes too long", name)
		}
		c.free()
	}
}

// The library takes every grammar, within bounded time.
func TestGrammarsCompile(t *testing.T) {
	m := realModel(t)
	dir := filepath.Join("..", "..", "..", "..", "shared", "testdata", "tools")
	if d := os.Getenv("PARLEY_TEST_TOOLS"); d != "" {
		dir = d
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("needs ../shared/testdata/tools, or PARLEY_TEST_TOOLS: %v", err)
	}
	cases, err := eval.Cases(dir, 1<<20, 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	compiled, slowest := 0, time.Duration(0)
	for i, c := range cases {
		if testing.Short() && i%10 > 0 {
			continue
		}
		gbnf, err := grammar.FromSchema(c.Schema)
		if err != nil {
			continue
		}
		began := time.Now()
		rule, err := newConstraint(m, gbnf)
		if err != nil {
			t.Errorf("%s: %v\n%.2000s", c.Name, err, gbnf)
			continue
		}
		if took := time.Since(began); took > slowest {
			slowest = took
			t.Logf("%s: %v for %d bytes", c.Name, took, len(gbnf))
		}
		if len(rule.allowed(make([]float32, m.nVocab))) == 0 {
			t.Errorf("%s: no token begins\n%.2000s", c.Name, gbnf)
		}
		rule.free()
		compiled++
	}
	t.Logf("%d of %d compile", compiled, len(cases))
}

// BenchmarkConstraint tells what it costs to ask the grammar: for one token, for the whole vocabulary by first
// bytes, and for all of it, between the members of an object and within a text.
func BenchmarkConstraint(b *testing.B) {
	m := realModel(b)
	logits := make([]float32, m.nVocab)
	for name, text := range map[string]string{"between": `{"name": "Ada", `, "within": `{"name": "Ada Lovela`} {
		c := follow(b, m, `{"type": "object", "properties": {"name": {"type": "string"}, "kind": {"enum": ["a", "b"]}}, "required": ["name", "kind"]}`, text)
		b.Run(name+"/one", func(b *testing.B) {
			for b.Loop() {
				c.allows(byteToken(b, m, '"'))
			}
		})
		b.Run(name+"/by first bytes", func(b *testing.B) {
			for b.Loop() {
				c.allowed(logits)
			}
		})
		b.Run(name+"/all", func(b *testing.B) {
			every := make([]int32, m.nVocab)
			for i := range every {
				every[i] = int32(i)
			}
			for b.Loop() {
				c.among(every, logits)
			}
		})
	}
}
