package retrieval_test

import (
	"context"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/retrieval"
)

// narrow reads texts of so many bytes.
type narrow struct{ most int }

func (n narrow) Embed(_ context.Context, _ chat.Scope, texts []string, _ bool) ([]retrieval.Embedded, string, error) {
	out := make([]retrieval.Embedded, len(texts))
	for i, t := range texts {
		if len(t) > n.most {
			return nil, "", fault.Invalid("input %d is too long", i)
		}
		out[i].Vector = []float32{float32(len(t))}
	}
	return out, "narrow", nil
}

func TestWindowsFitEveryModel(t *testing.T) {
	t.Parallel()
	texts := []string{"short", strings.Repeat("貨物 harbour ", 300), "", strings.Repeat("x", 2000)}
	for _, most := range []int{retrieval.WindowBytes, 300, 70} {
		vectors, model, err := retrieval.Windows(t.Context(), narrow{most}, chat.Scope{}, texts, false)
		if err != nil || model != "narrow" {
			t.Fatal(err)
		}
		for i, text := range texts {
			sum := 0
			for _, v := range vectors[i] {
				sum += int(v.Vector[0])
			}
			if least := len(text) - 2*len(vectors[i]); len(vectors[i]) == 0 || sum > len(text) || sum < least {
				t.Errorf("windows of %d bytes: text %d of %d bytes is embedded as %d windows of %d bytes in all", most, i, len(text), len(vectors[i]), sum)
			}
		}
	}
}

func TestCutKeepsCharactersAndWords(t *testing.T) {
	t.Parallel()
	for _, p := range retrieval.Cut(strings.Repeat("貨物", 100)+strings.Repeat(" harbour", 100), 50) {
		if !utf8.ValidString(p) || len(p) > 50 || strings.HasPrefix(p, "arbour") {
			t.Errorf("%q", p)
		}
	}
}
