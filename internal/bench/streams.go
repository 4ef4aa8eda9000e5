package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Stream is what one streamed answer took.
type Stream struct {
	First  time.Duration   // request to first text
	Last   time.Duration   // request to last text
	At     []time.Duration // request to each piece of text
	Text   string
	Tokens int
	Prompt int // tokens of the prompt, and how many of them were reused
	Cached int
}

// Message is one of a conversation.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// ask streams one answer of at most so many tokens, and tells when its first text has come.
func ask(ctx context.Context, s side, prompt string, tokens int, begun func()) (Stream, error) {
	return converse(ctx, s, []Message{{"user", prompt}}, tokens, 0.8, begun)
}

// converse is ask for a whole conversation.
func converse(ctx context.Context, s side, messages []Message, tokens int, temperature float64, begun func()) (Stream, error) {
	body, err := json.Marshal(map[string]any{
		"model": s.model, "stream": true, "stream_options": map[string]bool{"include_usage": true},
		"max_tokens": tokens, "temperature": temperature, "seed": len(messages[0].Content), "messages": messages,
	})
	if err != nil {
		return Stream{}, err
	}
	began := time.Now()
	answer, err := s.post(ctx, "/v1/chat/completions", body)
	if err != nil {
		return Stream{}, err
	}
	defer func() { _ = answer.Close() }()
	var out Stream
	lines := bufio.NewScanner(answer)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || data == "[DONE]" {
			continue
		}
		var chunk struct {
			Choices []struct {
				Delta struct {
					Content string `json:"content"`
				} `json:"delta"`
			} `json:"choices"`
			Usage *struct {
				CompletionTokens int `json:"completion_tokens"`
				PromptTokens     int `json:"prompt_tokens"`
				Details          struct {
					CachedTokens int `json:"cached_tokens"`
				} `json:"prompt_tokens_details"`
			} `json:"usage"`
			Error *struct {
				Message string `json:"message"`
			} `json:"error"`
		}
		if err := json.Unmarshal([]byte(data), &chunk); err != nil {
			return out, fmt.Errorf("read event %q: %w", data, err)
		}
		switch {
		case chunk.Error != nil:
			return out, errors.New(chunk.Error.Message)
		case chunk.Usage != nil:
			out.Tokens, out.Prompt, out.Cached = chunk.Usage.CompletionTokens, chunk.Usage.PromptTokens, chunk.Usage.Details.CachedTokens
		case len(chunk.Choices) > 0 && chunk.Choices[0].Delta.Content != "":
			if out.First == 0 {
				out.First = time.Since(began)
				if begun != nil {
					begun()
				}
			}
			out.Last = time.Since(began)
			out.At, out.Text = append(out.At, out.Last), out.Text+chunk.Choices[0].Delta.Content
		}
	}
	return out, lines.Err()
}

// topics keep the prompts apart, so that no prefix of one is another's.
var topics = []string{"the sea", "old trains", "bread", "a mountain village", "winter birds", "chess", "a lighthouse", "rivers",
	"clocks", "gardens", "maps", "bridges", "violins", "deserts", "ink", "kites"}

func prompt(i int) string {
	return fmt.Sprintf("Write a long story about %s. Story number %d. Do not stop early.", topics[i%len(topics)], i)
}

// Round is one measurement of n streams at once.
type Round struct {
	Streams     int     `json:"streams"`
	Tokens      int     `json:"tokens"`
	PerSecond   float64 `json:"tokens_per_second"` // of all streams together, from first request to last token
	FirstMillis int64   `json:"first_token_ms"`    // of the median stream
	// Together says that every stream had its first token before any had its last.
	Together bool `json:"progress_together"`
}

// together runs n streams at once.
func together(ctx context.Context, s side, n, tokens, seed int) (Round, error) {
	var (
		mu      sync.Mutex
		wg      sync.WaitGroup
		all     []Stream
		errs    []error
		begun   int
		ended   bool
		tooLate bool
	)
	began := time.Now()
	for i := range n {
		wg.Go(func() {
			one, err := ask(ctx, s, prompt(seed+i), tokens, func() {
				mu.Lock()
				defer mu.Unlock()
				begun++
				tooLate = tooLate || ended
			})
			mu.Lock()
			defer mu.Unlock()
			ended = true
			if err != nil {
				errs = append(errs, err)
				return
			}
			all = append(all, one)
		})
	}
	wg.Wait()
	took := time.Since(began)
	if err := errors.Join(errs...); err != nil {
		return Round{}, err
	}
	r := Round{Streams: n, Together: begun == n && !tooLate}
	firsts := make([]int64, 0, n)
	for _, one := range all {
		r.Tokens += one.Tokens
		firsts = append(firsts, one.First.Milliseconds())
	}
	slices.Sort(firsts)
	r.FirstMillis = firsts[len(firsts)/2]
	r.PerSecond = float64(r.Tokens) / took.Seconds()
	return r, nil
}
