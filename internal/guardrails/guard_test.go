package guardrails

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/fault"
)

const key = "ghp_0123456789abcdefghijABCDEFGHIJ012345"

func judge(t *testing.T, p Policy, place Place, text string, checks ...Check) Verdict {
	t.Helper()
	if checks == nil {
		checks = []Check{Data{}, Hidden{}}
	}
	v, err := New(checks...).Judge(t.Context(), p, place, text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDefaultPolicy(t *testing.T) {
	t.Parallel()
	if err := DefaultPolicy().Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		place      Place
		text, want string
		action     Action
	}{
		{Input, "Good morning.", "Good morning.", Allow},
		{Input, "I am ada@example.com.", "I am ada@example.com.", Flag},
		{Retrieved, "She is ada@example.com.", "She is ada@example.com.", Allow},
		{Input, "Use " + key + " now, " + key + ".", "Use <SECRET_1> now, <SECRET_1>.", Redact},
		{ToolArguments, `{"token": "` + key + `"}`, `{"token": "` + key + `"}`, Ask},
		{ToolOutput, "a\u200bb\u200b\u200c\u200dc", "abc", Redact},
		{Input, "a\u200bb", "a\u200bb", Flag},
		{Answer, "<SECRET_1> is " + key, "<SECRET_1> is <SECRET_2>", Redact},
	} {
		v := judge(t, DefaultPolicy(), c.place, c.text)
		if v.Action != c.action || v.Text != c.want {
			t.Errorf("%s %q: %s, %q", c.place, c.text, v.Action, v.Text)
		}
		if c.place != ToolOutput && Restore(v.Text, v.Originals) != c.text {
			t.Errorf("%q comes back as %q", c.text, Restore(v.Text, v.Originals))
		}
	}
}

// at is a check that finds the spans that it is told.
type at struct {
	spans [][2]int
	err   error
}

func (at) Name() string { return "at" }
func (c at) Find(context.Context, string) (found []Finding, err error) {
	for _, s := range c.spans {
		found = append(found, Finding{Category: "x", Start: s[0], End: s[1], Score: 0.5})
	}
	return found, c.err
}

// The last rule that fits decides, and what is stricter wins among findings.
func TestRules(t *testing.T) {
	t.Parallel()
	all := func(a Action) Rule { return Rule{Action: a} }
	for name, c := range map[string]struct {
		rules []Rule
		want  Action
	}{
		"none":              {nil, Allow},
		"one":               {[]Rule{all(Flag)}, Flag},
		"the last":          {[]Rule{all(Block), all(Flag)}, Flag},
		"allowed again":     {[]Rule{all(Block), {Categories: []string{"x"}, Action: Allow}}, Allow},
		"another check":     {[]Rule{all(Flag), {Checks: []string{"data"}, Action: Block}}, Flag},
		"another place":     {[]Rule{all(Flag), {Places: []Place{Answer}, Action: Block}}, Flag},
		"not certain":       {[]Rule{all(Flag), {Least: 0.6, Action: Block}}, Flag},
		"certain enough":    {[]Rule{all(Flag), {Least: 0.5, Action: Block}}, Block},
		"for one that fits": {[]Rule{{Categories: []string{"y"}, Action: Block}}, Allow},
	} {
		if v := judge(t, Policy{Rules: c.rules}, Input, "some text", at{spans: [][2]int{{0, 4}}}); v.Action != c.want || (v.Text == "") != (c.want == Block) {
			t.Errorf("%s: %s, %q", name, v.Action, v.Text)
		}
	}
	for _, bad := range []Rule{{Action: "stop"}, {}, {Action: Flag, Places: []Place{"there"}}, {Action: Flag, Least: 2}} {
		if err := (Policy{Rules: []Rule{bad}}).Validate(); !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// A check that cannot look blocks, unless the policy names that very case.
func TestChecksThatFail(t *testing.T) {
	t.Parallel()
	gone := at{err: errors.New("gone")}
	v := judge(t, Policy{Rules: []Rule{{Action: Flag}}}, Input, "text", gone)
	if v.Action != Block || v.Text != "" || v.Failed == nil || v.Findings[0].Category != CheckFailed {
		t.Errorf("%+v", v)
	}
	v = judge(t, Policy{Rules: []Rule{{Action: Flag}, {Categories: []string{CheckFailed}, Action: Flag}}}, Input, "text", gone)
	if v.Action != Flag || v.Text != "text" || v.Failed == nil {
		t.Errorf("%+v", v)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New(Data{}).Judge(ctx, DefaultPolicy(), Input, "text"); !errors.Is(err, context.Canceled) {
		t.Errorf("an ended request: %v", err)
	}
}

// Findings that overlap leave nothing of either behind.
func TestRedactionOfOverlaps(t *testing.T) {
	t.Parallel()
	all := Policy{Rules: []Rule{{Action: Redact}}}
	for _, c := range []struct {
		spans [][2]int
		want  string
	}{
		{[][2]int{{2, 4}, {0, 4}}, "<X_1>456789"},
		{[][2]int{{0, 4}, {2, 6}}, "<X_1><X_2>6789"},
		{[][2]int{{8, 10}, {0, 2}}, "<X_1>234567<X_2>"},
		{[][2]int{{0, 10}, {3, 5}, {4, 6}}, "<X_1>"},
	} {
		v := judge(t, all, Input, "0123456789", at{spans: c.spans})
		if v.Text != c.want || Restore(v.Text, v.Originals) != "0123456789" {
			t.Errorf("%v: %q, restored %q", c.spans, v.Text, Restore(v.Text, v.Originals))
		}
	}
}

func TestHidden(t *testing.T) {
	t.Parallel()
	spell := func(text string) string { // in tags
		return strings.Map(func(r rune) rune { return r + 0xE0000 }, text)
	}
	for text, want := range map[string][]string{
		"plain, naïve, 日本語": nil,
		"a family 👨‍👩‍👧 and a flag 🏴\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F": nil,
		"می\u200cخواهم":               nil, // Persian joins by it
		"pass\u200bword":              {invisible},
		"hi" + spell("obey"):          {hiddenText},
		"x\u200b\u200c\u2060\u200b y": {hiddenText},
		"abc \u202etxt.exe":           {turned},
		"שלום \u2067abc\u2069":        nil,
	} {
		found, err := Hidden{}.Find(t.Context(), text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range found {
			got = append(got, f.Category)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %q", text, got)
		}
	}
}

// Whatever the text, findings are parts of it, and redaction can be taken back.
func FuzzJudge(f *testing.F) {
	f.Add("I am ada@example.com, " + key)
	f.Add("a\u200bb\xff\U000E0041<EMAIL_1>")
	f.Fuzz(func(t *testing.T, text string) {
		v := judge(t, Policy{Rules: []Rule{{Checks: []string{dataName}, Action: Redact}, {Checks: []string{hiddenName}, Action: Flag}}}, Input, text)
		for _, finding := range v.Findings {
			if finding.Start < 0 || finding.End <= finding.Start || finding.End > len(text) {
				t.Fatalf("%+v of %d bytes", finding, len(text))
			}
		}
		names := slices.Collect(maps.Keys(v.Originals))
		for _, name := range names {
			if strings.Contains(text, name) {
				t.Fatalf("%s is the text's own", name)
			}
		}
		if got := Restore(v.Text, v.Originals); got != text {
			t.Fatalf("%q comes back as %q", text, got)
		}
	})
}
