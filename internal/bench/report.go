package bench

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"text/tabwriter"
)

// Options say what to measure.
type Options struct {
	Binary  string
	Env     []string // where engine and models lie
	Model   string   // "" is the default
	Streams int
	Tokens  int // of each answer, at most
	Rounds  int
	Log     io.Writer
}

// Report is what was measured, with where.
type Report struct {
	Machine     string  `json:"machine"`
	ReadyMillis int64   `json:"ready_ms"`
	Idle        Process `json:"idle"`
	Loaded      Process `json:"loaded"`
	One         Round   `json:"one_stream"`
	Many        Round   `json:"many_streams"`
	// Ratio is the median, over the rounds, of the tokens/s of many streams to those of one, both
	// measured in the same round.
	Ratio float64 `json:"ratio"`
	// AfterAborts is the process after Aborts streams that hung up in the middle; BeforeAborts is the
	// same process after as many as fill its pools of connections.
	Aborts       int     `json:"aborts"`
	BeforeAborts Process `json:"before_aborts"`
	AfterAborts  Process `json:"after_aborts"`
}

const (
	aborts     = 200
	warmAborts = 64
)

// Run starts a server and measures it.
func Run(ctx context.Context, o Options) (r Report, err error) {
	r.Machine = machine()
	s, err := StartServer(ctx, o.Binary, o.Env, nil, o.Log)
	if err != nil {
		return r, err
	}
	defer func() { err = cmp.Or(err, s.Stop()) }()
	a := side{s, o.Model}
	r.ReadyMillis = s.Ready.Milliseconds()
	if r.Idle, err = s.Process(); err != nil {
		return r, err
	}
	if _, err := together(ctx, a, 1, 8, 1000); err != nil { // loads the model
		return r, err
	}
	if r.Loaded, err = s.Process(); err != nil {
		return r, err
	}
	var ones, manies []Round
	var ratios []float64
	for i := range o.Rounds {
		one, err := together(ctx, a, 1, o.Tokens, 100*i)
		if err != nil {
			return r, err
		}
		many, err := together(ctx, a, o.Streams, o.Tokens, 100*i+1)
		if err != nil {
			return r, err
		}
		ones, manies = append(ones, one), append(manies, many)
		ratios = append(ratios, many.PerSecond/one.PerSecond)
	}
	r.One, r.Many = median(ones), median(manies)
	for _, m := range manies {
		r.Many.Together = r.Many.Together && m.Together
	}
	slices.Sort(ratios)
	r.Ratio = ratios[len(ratios)/2]
	if err := abort(ctx, a, warmAborts); err != nil {
		return r, err
	}
	if r.BeforeAborts, err = s.Process(); err != nil {
		return r, err
	}
	r.Aborts = aborts
	if err := abort(ctx, a, aborts); err != nil {
		return r, err
	}
	r.AfterAborts, err = s.Process()
	return r, err
}

func machine() string {
	return fmt.Sprintf("%s/%s, %d CPUs", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}

func median(rounds []Round) Round {
	slices.SortFunc(rounds, func(a, b Round) int { return cmp.Compare(a.PerSecond, b.PerSecond) })
	return rounds[len(rounds)/2]
}

// abort begins streams and hangs up after their first token, eight at a time, and then asks once more
// with as many streams as there are slots: a slot that was lost would make one wait for ever.
func abort(ctx context.Context, s side, n int) error {
	limit := make(chan struct{}, 8)
	done := make(chan error, n)
	for i := range n {
		limit <- struct{}{}
		go func() {
			defer func() { <-limit }()
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			_, err := ask(ctx, s, prompt(i), 200, cancel)
			if ctx.Err() != nil {
				err = nil
			}
			done <- err
		}()
	}
	for range n {
		if err := <-done; err != nil {
			return err
		}
	}
	_, err := together(ctx, s, 8, 8, 5000)
	return err
}

// Print writes the report as a table.
func (r Report) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	mb := func(p Process) string { return fmt.Sprintf("%.1f MB", float64(p.ResidentKB)/1024) }
	fmt.Fprintf(t, "machine\t%s\n", r.Machine)
	fmt.Fprintf(t, "ready after\t%d ms\n", r.ReadyMillis)
	fmt.Fprintf(t, "resident, no model loaded\t%s\n", mb(r.Idle))
	fmt.Fprintf(t, "resident, model loaded\t%s\n", mb(r.Loaded))
	fmt.Fprintf(t, "one stream\t%.1f tokens/s, first token after %d ms\n", r.One.PerSecond, r.One.FirstMillis)
	fmt.Fprintf(t, "%d streams at once\t%.1f tokens/s, first token after %d ms\n", r.Many.Streams, r.Many.PerSecond, r.Many.FirstMillis)
	fmt.Fprintf(t, "ratio (median of rounds)\t%.2f\n", r.Ratio)
	fmt.Fprintf(t, "all streams progress together\t%v\n", r.Many.Together)
	fmt.Fprintf(t, "after %d aborted streams\t%s, %d files (%d before), %d threads (%d before)\n",
		r.Aborts, mb(r.AfterAborts), r.AfterAborts.Files, r.BeforeAborts.Files, r.AfterAborts.Threads, r.BeforeAborts.Threads)
	return t.Flush()
}
