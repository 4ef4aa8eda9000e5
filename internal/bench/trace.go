package bench

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"text/tabwriter"
	"time"
)

// TraceOptions say what to replay: a table of the columns TIMESTAMP, ContextTokens and GeneratedTokens, as in the
// Azure LLM inference traces (Patel et al. 2024, Splitwise).
type TraceOptions struct {
	EngineOptions
	Trace   string        // the file
	Lasting time.Duration // of the replay, on each server
	Lengths float64       // what the numbers of tokens are multiplied by
	Rate    float64       // what the times between requests are divided by
}

// TraceReport is what both servers made of it, one after the other.
type TraceReport struct {
	Machine  string     `json:"machine"`
	Model    string     `json:"model"`
	Threads  int        `json:"threads"`
	Requests int        `json:"requests"`
	Seconds  float64    `json:"seconds"`
	Parley   TraceRound `json:"parley"`
	Rival    TraceRound `json:"llama_server"`
	Ratio    float64    `json:"p95_first_token_ratio"`
}

// TraceRound is one server's.
type TraceRound struct {
	Lost       int       `json:"lost"`
	Why        []string  `json:"why,omitempty"` // of the first few that were lost
	FirstP50   float64   `json:"first_token_p50_ms"`
	FirstP95   float64   `json:"first_token_p95_ms"`
	Tokens     int       `json:"tokens"`
	ResidentMB []float64 `json:"resident_mb"` // every tenth of the time
}

// call is one line of a trace.
type call struct {
	at             time.Duration // from the first
	prompt, answer int           // tokens
}

// RunTrace replays the trace on Parley and then on llama.cpp's server.
func RunTrace(ctx context.Context, o TraceOptions) (r TraceReport, err error) {
	calls, err := readTrace(o)
	if err != nil {
		return r, err
	}
	r = TraceReport{Machine: machine(), Model: filepath.Base(o.Chat), Threads: o.Threads, Requests: len(calls), Seconds: o.Lasting.Seconds()}
	ours, err := startOurs(ctx, o.EngineOptions)
	if err != nil {
		return r, err
	}
	r.Parley, err = replay(ctx, side{ours, chatModel}, calls, o.Lasting)
	if err = cmp.Or(err, ours.Stop()); err != nil {
		return r, err
	}
	rival, err := startChatRival(ctx, o.EngineOptions)
	if err != nil {
		return r, err
	}
	defer func() { _ = rival.Stop() }()
	r.Rival, err = replay(ctx, side{rival, chatModel}, calls, o.Lasting)
	r.Ratio = r.Parley.FirstP95 / r.Rival.FirstP95
	return r, err
}

func readTrace(o TraceOptions) (calls []call, err error) {
	f, err := os.Open(o.Trace)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	lines := csv.NewReader(f)
	if _, err := lines.Read(); err != nil {
		return nil, fmt.Errorf("read %s: %w", o.Trace, err)
	}
	var first time.Time
	for {
		line, err := lines.Read()
		if errors.Is(err, io.EOF) || len(calls) > 0 && calls[len(calls)-1].at > o.Lasting {
			return calls[:len(calls)-1], nil
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", o.Trace, err)
		}
		at, err1 := time.Parse("2006-01-02 15:04:05.9999999", line[0])
		prompt, err2 := strconv.Atoi(line[1])
		answer, err3 := strconv.Atoi(line[2])
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("read %s: %w", o.Trace, err)
		}
		if first.IsZero() {
			first = at
		}
		calls = append(calls, call{
			at:     time.Duration(float64(at.Sub(first)) / o.Rate),
			prompt: min(max(60, int(float64(prompt)*o.Lengths)), engineContext/2), answer: min(max(1, int(float64(answer)*o.Lengths)), engineContext/4),
		})
	}
}

func replay(ctx context.Context, s side, calls []call, lasting time.Duration) (r TraceRound, err error) {
	if _, err := together(ctx, s, 1, 8, 1000); err != nil { // loads the model
		return r, err
	}
	var (
		wg     sync.WaitGroup
		mu     sync.Mutex
		firsts []float64
	)
	began := time.Now()
	watch, stop := context.WithCancel(ctx)
	wg.Go(func() {
		for {
			if p, err := s.Process(); err == nil {
				mu.Lock()
				r.ResidentMB = append(r.ResidentMB, float64(p.ResidentKB)/1024)
				mu.Unlock()
			}
			select {
			case <-watch.Done():
				return
			case <-time.After(lasting / 10):
			}
		}
	})
	var asking sync.WaitGroup
	for i, c := range calls {
		select {
		case <-ctx.Done():
		case <-time.After(time.Until(began.Add(c.at))):
		}
		asking.Go(func() {
			one, err := converse(ctx, s, []Message{{"user", words(fmt.Sprintf("trace %d", i), c.prompt)}}, c.answer, 0.8, nil)
			mu.Lock()
			defer mu.Unlock()
			if err == nil && one.First == 0 && one.Tokens == 0 {
				err = errors.New("no token came")
			}
			if err != nil {
				r.Lost++
				if len(r.Why) < 5 {
					r.Why = append(r.Why, err.Error())
				}
				return
			}
			r.Tokens += one.Tokens
			firsts = append(firsts, millis(one.First))
		})
	}
	asking.Wait()
	stop()
	wg.Wait()
	if len(firsts) == 0 {
		return r, errors.Join(errors.New("no request was answered"), ctx.Err())
	}
	slices.Sort(firsts)
	r.FirstP50, r.FirstP95 = firsts[len(firsts)/2], firsts[len(firsts)*95/100]
	return r, ctx.Err()
}

// Print writes the report as a table.
func (r TraceReport) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(t, "%s, %d threads; %s; %d requests in %.0f s\n\n", r.Machine, r.Threads, r.Model, r.Requests, r.Seconds)
	fmt.Fprintln(t, "\tlost\tfirst token p50\tp95\ttokens\tresident MB")
	for name, round := range map[string]TraceRound{"Parley": r.Parley, "llama-server": r.Rival} {
		fmt.Fprintf(t, "%s\t%d\t%.0f ms\t%.0f ms\t%d\t%.0f\n", name, round.Lost, round.FirstP50, round.FirstP95, round.Tokens, round.ResidentMB)
	}
	fmt.Fprintf(t, "\np95 ratio\t%.2f\n", r.Ratio)
	return t.Flush()
}
