package llama_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/llama"
	"github.com/parley-chat/parley/internal/serving/llama/shelf"
)

// plain is a Sealer for tests of the engine; shelf has tests of the seal.
type plain struct{}

func (plain) Seal(_ context.Context, _ string, text, _ []byte) ([]byte, error) { return text, nil }
func (plain) Open(_ context.Context, _ string, text, _ []byte) ([]byte, error) { return text, nil }

// talk is a conversation about a number, with long instructions that all talks have in common.
func talk(tenant string, number int, more ...string) serving.Generation {
	g := question("", 12)
	g.Tenant = tenant
	g.Params.Logprobs, g.Params.TopLogprobs = true, 5
	g.Messages = []chat.Message{
		{Role: chat.System, Text: "You are a patient teacher of arithmetic. " + strings.Repeat("Explain every step in simple words. ", 20)},
		{Role: chat.User, Text: "Tell me all that you know about the number " + strings.Repeat("one and ", number) + "one. " + strings.Repeat("Please be thorough. ", 15)},
	}
	for i, text := range more {
		g.Messages = append(g.Messages, chat.Message{Role: []chat.Speaker{chat.Assistant, chat.User}[i%2], Text: text})
	}
	return g
}

// first asks and returns how many tokens of the prompt were reused and the first token with its logprob, which
// tells whether the prompt was computed rightly.
func first(t *testing.T, e serving.Engine, g serving.Generation) (cached int, token chat.TokenLogprob) {
	t.Helper()
	out, err := e.Generate(t.Context(), g, func(p serving.Piece) error {
		if token.Token == "" && len(p.Logprobs) > 0 {
			token = p.Logprobs[0]
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Usage.CachedTokens, token
}

// What is reused within a slot, from another slot, from the shelf and after a restart gives the same answer as
// what is computed anew. Batches of other sizes add numbers in another order, so that logprobs differ a little.
func TestReuse(t *testing.T) {
	dir := t.TempDir()
	for name, cache := range map[string]int{"a part for each slot": 200, "a shared cache": 40} {
		t.Run(name, func(t *testing.T) {
			cfg := shelf.DefaultConfig()
			start := func() (*shelf.Shelf, serving.Engine) {
				keep := shelf.New(dir, cfg, plain{}, zap.NewNop())
				r := openWith(t, keep, func(c *llama.Config) { c.Slots, c.Context, c.CacheMB = 2, 1024, cache })
				return keep, load(t, r, chatModel(t))
			}
			keep, e := start()
			number := 0
			same := func(what string, g serving.Generation, least int) {
				t.Helper()
				number++
				fresh := g
				fresh.Tenant = what // has nothing to reuse
				cached, got := first(t, e, g)
				none, want := first(t, e, fresh)
				if cached < least || none != 0 {
					t.Errorf("%s: %d tokens are reused, want %d or more; another tenant reuses %d", what, cached, least, none)
				}
				for _, rival := range got.Top {
					if rival.Token == want.Token && math.Abs(rival.Logprob-want.Logprob) < 0.2 {
						return
					}
				}
				t.Errorf("%s: %+v, computed anew %q with %.3f", what, got.Top, want.Token, want.Logprob)
			}
			first(t, e, talk(name, 1))
			same("goes on", talk(name, 1, "It is a small number.", "Why is that so?"), 230)
			same("same instructions", talk(name, 2), 150)
			for i := range 4 {
				first(t, e, talk("other"+name, 10+i))
			}
			same("returns", talk(name, 1, "It is a small number.", "Is there more?"), 240)
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			keep.Close()
			keep, e = start()
			same("after a restart", talk(name, 1, "It is a small number.", "Is there more?"), 240)
			_ = e.Close()
			keep.Close()
		})
	}
}
