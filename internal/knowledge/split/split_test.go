package split_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/knowledge/split"
)

func TestSplitFollowsHeadings(t *testing.T) {
	t.Parallel()
	text := "# Harbour\n\nIntro.\n\n## Fees\n\n" + strings.Repeat("A berth costs ten euros. ", 20) + "\n\n## Night\n\n" + strings.Repeat("Quiet please. ", 20)
	pieces := split.Split(text, []int{0, strings.Index(text, "## Night")}, split.Config{Size: 200, Overlap: 20})
	if len(pieces) != 2 {
		t.Fatalf("%+v", pieces)
	}
	if p := pieces[0]; p.Heading != "Harbour" || p.Page != 1 || p.Start != 0 {
		t.Errorf("%+v", p)
	}
	if p := pieces[1]; p.Heading != "Harbour > Night" || p.Page != 2 || !strings.HasPrefix(text[p.Start:], "## Night") || p.End != len(strings.TrimSpace(text)) {
		t.Errorf("%+v", p)
	}
}

// Whatever the text, passages are within bounds, in order, whole characters, and leave out nothing but space.
func TestSplitLosesNothing(t *testing.T) {
	t.Parallel()
	words := []string{"harbour", "貨物", "Größe", "# Head", "\n\n", "\n", ". ", "| a | b |", strings.Repeat("x", 900), "- item", " ", "12345"}
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test's choice
		var b strings.Builder
		for range r.IntN(300) {
			b.WriteString(words[r.IntN(len(words))] + " ")
		}
		text, cfg := b.String(), split.Config{Size: 20 + r.IntN(100), Overlap: r.IntN(20)}
		covered := make([]bool, len(text))
		last := -1
		for _, p := range split.Split(text, nil, cfg) {
			if p.Start <= last || p.End > len(text) || p.Start >= p.End || !utf8.ValidString(text[p.Start:p.End]) {
				t.Fatalf("seed %d: %+v", seed, p)
			}
			if n := split.Tokens(text[p.Start:p.End]); n > cfg.Size+1 {
				t.Fatalf("seed %d: %d tokens in %+v, at most %d", seed, n, p, cfg.Size)
			}
			last = p.Start
			for i := p.Start; i < p.End; i++ {
				covered[i] = true
			}
		}
		for i := range covered {
			if !covered[i] && text[i] != ' ' && text[i] != '\n' {
				t.Fatalf("seed %d: byte %d of %d is in no passage", seed, i, len(text))
			}
		}
	}
}

func ExampleTokens() {
	fmt.Println(split.Tokens("Twenty euros, 1234."), split.Tokens("港口六點"))
	// Output: 8 4
}
