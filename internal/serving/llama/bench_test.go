package llama_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/llama"
)

// BenchmarkStreams reports the tokens a second of one stream and of several at once. Run it on an idle
// machine, with -benchtime 1x.
func BenchmarkStreams(b *testing.B) {
	e := load(b, open(b, func(c *llama.Config) { c.Context = 2048 }), chatModel(b))
	b.Cleanup(func() { _ = e.Close() })
	for _, streams := range []int{1, 8} {
		b.Run(fmt.Sprint(streams), func(b *testing.B) {
			for b.Loop() {
				tokens, took := stream(b, e, streams)
				b.ReportMetric(float64(tokens)/took.Seconds(), "tokens/s")
			}
		})
	}
}

// stream runs so many answers of 128 tokens at once.
func stream(b *testing.B, e serving.Engine, streams int) (tokens int, took time.Duration) {
	seed := int64(3)
	var mu sync.Mutex
	var readers sync.WaitGroup
	began := time.Now()
	for i := range streams {
		readers.Go(func() {
			out, err := e.Generate(b.Context(), serving.Generation{
				Messages: []chat.Message{{Role: chat.User, Text: fmt.Sprintf("Tell me story number %d.", i)}},
				Params:   chat.Params{MaxTokens: 128, Seed: &seed},
			}, func(serving.Piece) error { return nil })
			if err != nil {
				b.Error(err)
			}
			mu.Lock()
			tokens += out.Usage.OutputTokens
			mu.Unlock()
		})
	}
	readers.Wait()
	return tokens, time.Since(began)
}

// BenchmarkEmbed reports the texts a second by the length of the texts.
func BenchmarkEmbed(b *testing.B) {
	e := load(b, open(b, nil), embedModel(b))
	b.Cleanup(func() { _ = e.Close() })
	for _, words := range []int{5, 20, 50, 100, 200} {
		b.Run(fmt.Sprint(words), func(b *testing.B) {
			inputs := make([]serving.Input, 64)
			for i := range inputs {
				inputs[i].Text = strings.Repeat("word ", words)
			}
			for b.Loop() {
				began := time.Now()
				if _, err := e.Embed(b.Context(), inputs); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(inputs))/time.Since(began).Seconds(), "texts/s")
			}
		})
	}
}
