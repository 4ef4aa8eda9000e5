package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// EngineOptions say what to compare: this binary and llama.cpp's server, with the same model file, the same
// libraries and the same number of threads.
type EngineOptions struct {
	Binary  string
	Rival   string // folder of llama-server and its libraries; Parley uses the libraries too
	Chat    string // files of the models
	Embed   string
	Threads int
	Rounds  int
	Only    string // part of the names of the cases to run; "" runs all
	Log     io.Writer
}

// Row is one case. A ratio is Parley's figure to the rival's, both of the same round; their median counts.
type Row struct {
	Case   string  `json:"case"`
	Unit   string  `json:"unit"`
	Parley float64 `json:"parley"` // median
	Rival  float64 `json:"llama_server"`
	Ratio  float64 `json:"ratio"`
	Bar    string  `json:"bar"` // what is wanted of the ratio
	Met    bool    `json:"met"`
}

// EngineReport is a comparison, with where it was made.
type EngineReport struct {
	Machine   string `json:"machine"`
	Model     string `json:"model"`
	Embedding string `json:"embedding"`
	Libraries string `json:"libraries"`
	Threads   int    `json:"threads"`
	Rounds    int    `json:"rounds"`
	Rows      []Row  `json:"rows"`
}

// engineSlots and engineContext give both sides the same cache: a part for each slot.
const (
	engineSlots   = 16
	engineContext = 5120
)

// The names of the models on both servers.
const (
	chatModel  = "chat"
	embedModel = "embed"
)

// kase measures one figure on a side. Round numbers differ for each measurement, so that no prompt comes twice.
type kase struct {
	name, unit string
	bar        string
	atLeast    bool // the ratio is to be at least limit, else at most
	limit      float64
	embeds     bool
	measure    func(ctx context.Context, s side, round int) (float64, error)
}

// RunEngine starts both servers and measures the cases in turns.
func RunEngine(ctx context.Context, o EngineOptions) (r EngineReport, err error) {
	r = EngineReport{
		Machine: machine(),
		Model:   filepath.Base(o.Chat), Embedding: filepath.Base(o.Embed), Libraries: o.Rival, Threads: o.Threads, Rounds: o.Rounds,
	}
	ours, err := startOurs(ctx, o)
	if err != nil {
		return r, err
	}
	defer func() { err = cmp.Or(err, ours.Stop()) }()
	chat, err := startChatRival(ctx, o)
	if err != nil {
		return r, err
	}
	defer func() { _ = chat.Stop() }()
	embed, err := startRival(ctx, o.Rival, []string{"-m", o.Embed, "-t", strconv.Itoa(o.Threads), "--embeddings", "-np", "64", "-c", "32768", "-b", "8192", "-ub", "512"})
	if err != nil {
		return r, err
	}
	defer func() { _ = embed.Stop() }()

	for _, c := range cases() {
		if !strings.Contains(c.name, o.Only) {
			continue
		}
		a, b := side{ours, chatModel}, side{chat, chatModel}
		if c.embeds {
			a, b = side{ours, embedModel}, side{embed, embedModel}
		}
		row, err := c.run(ctx, a, b, o.Rounds)
		if err != nil {
			return r, fmt.Errorf("%s: %w", c.name, err)
		}
		r.Rows = append(r.Rows, row)
		fmt.Fprintf(o.Log, "%-58s %6.2f\n", c.name, row.Ratio)
	}
	return r, nil
}

func startOurs(ctx context.Context, o EngineOptions) (*Server, error) {
	return StartServer(ctx, o.Binary, []string{"PARLEY_ENGINE_DIR=" + o.Rival,
		"PARLEY_ENGINE_THREADS=" + strconv.Itoa(o.Threads), "PARLEY_ENGINE_SLOTS=" + strconv.Itoa(engineSlots),
		"PARLEY_ENGINE_CONTEXT=" + strconv.Itoa(engineContext), "PARLEY_ENGINE_CACHE_MB=8192"}, map[string]string{chatModel: o.Chat, embedModel: o.Embed}, o.Log)
}

func startChatRival(ctx context.Context, o EngineOptions) (*Server, error) {
	return startRival(ctx, o.Rival, []string{"-m", o.Chat, "-t", strconv.Itoa(o.Threads), "-np", strconv.Itoa(engineSlots),
		"-c", strconv.Itoa(engineSlots * engineContext), "--no-kv-unified"})
}

func (c kase) run(ctx context.Context, ours, rival side, rounds int) (Row, error) {
	var mine, its, ratios []float64
	for round := range rounds + 1 {
		m, err1 := c.measure(ctx, ours, round)
		i, err2 := c.measure(ctx, rival, round)
		if err := errors.Join(err1, err2); err != nil {
			return Row{}, err
		}
		if round == 0 {
			continue // warms both up
		}
		mine, its, ratios = append(mine, m), append(its, i), append(ratios, m/i)
	}
	row := Row{Case: c.name, Unit: c.unit, Parley: middle(mine), Rival: middle(its), Ratio: middle(ratios), Bar: c.bar}
	row.Met = row.Ratio <= c.limit
	if c.atLeast {
		row.Met = row.Ratio >= c.limit
	}
	return row, nil
}

func middle(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

func cases() (all []kase) {
	for _, n := range []int{1, 4, 8, 16} {
		all = append(all, kase{
			name: fmt.Sprintf("decode, %d streams", n), unit: "tokens/s", bar: ">= 1.0", atLeast: true, limit: 1,
			measure: func(ctx context.Context, s side, round int) (float64, error) {
				return decoding(ctx, s, n, 1000*n+100*round)
			},
		})
	}
	for _, tokens := range []int{128, 1024, 4096} {
		for _, n := range []int{1, 8} {
			all = append(all, kase{
				name: fmt.Sprintf("first token, prompt of %d tokens, %d streams", tokens, n), unit: "ms", bar: "<= 1.0", limit: 1,
				measure: func(ctx context.Context, s side, round int) (float64, error) {
					return firstOf(ctx, s, n, func(i int) []Message {
						return []Message{{"user", words(fmt.Sprintf("%d %d %d", tokens, round, i), tokens)}}
					})
				},
			})
		}
	}
	return append(all,
		kase{name: "first token, second request on a shared prefix of 2048", unit: "ms", bar: "<= 0.8", limit: 0.8, measure: sharedPrefix},
		kase{name: "first token, back to a conversation after 20 others", unit: "ms", bar: "<= 0.8", limit: 0.8, measure: comeBack},
		kase{name: "p99 between tokens of 3 streams beside a prompt of 4096", unit: "ms", bar: "<= 1.0", limit: 1, measure: pauses},
		kase{name: "embeddings, 1 text of 32 tokens", unit: "texts/s", bar: ">= 1.0", atLeast: true, limit: 1, embeds: true, measure: embedding(1, 32)},
		kase{name: "embeddings, 64 texts of 32 tokens", unit: "texts/s", bar: ">= 1.0", atLeast: true, limit: 1, embeds: true, measure: embedding(64, 32)},
		kase{name: "embeddings, 1 text of 256 tokens", unit: "texts/s", bar: ">= 1.0", atLeast: true, limit: 1, embeds: true, measure: embedding(1, 256)},
		kase{name: "embeddings, 64 texts of 256 tokens", unit: "texts/s", bar: ">= 1.0", atLeast: true, limit: 1, embeds: true, measure: embedding(64, 256)},
		kase{name: "ingestion of documents", unit: "passages/s", bar: ">= 1.0", atLeast: true, limit: 1, embeds: true, measure: ingestion},
	)
}

// decoding is the speed of n streams together while all of them run, from the last one's first token to the first
// one's last: computing their prompts is measured by other cases.
func decoding(ctx context.Context, s side, n, seed int) (float64, error) {
	var wg sync.WaitGroup
	streams, errs, starts := make([]Stream, n), make([]error, n), make([]time.Time, n)
	for i := range n {
		wg.Go(func() {
			starts[i] = time.Now()
			streams[i], errs[i] = ask(ctx, s, prompt(seed+i), 160, nil)
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return 0, err
	}
	from, until := starts[0].Add(streams[0].First), starts[0].Add(streams[0].Last)
	for i, one := range streams {
		if at := starts[i].Add(one.First); at.After(from) {
			from = at
		}
		if at := starts[i].Add(one.Last); at.Before(until) {
			until = at
		}
	}
	tokens := 0.0
	for i, one := range streams {
		pieces := 0
		for _, at := range one.At {
			if at := starts[i].Add(at); at.After(from) && !at.After(until) {
				pieces++
			}
		}
		// A piece may be several tokens, where a character has several.
		tokens += float64(pieces) * float64(one.Tokens) / float64(len(one.At))
	}
	if !until.After(from) || tokens == 0 {
		return 0, errors.New("the streams did not run at the same time")
	}
	return tokens / until.Sub(from).Seconds(), nil
}

// words is a text of about so many tokens that begins with its name, so that no two begin alike.
func words(name string, tokens int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Text %s. What follows is a list of words.", name)
	for i := range tokens - 50 {
		b.WriteByte(' ')
		b.WriteString(common[(i*7+i/13)%len(common)])
	}
	b.WriteString(" Write a story with these words.")
	return b.String()
}

// common are words of one token each in most vocabularies.
var common = strings.Fields("the water house tree green light river stone people morning work paper music door street winter friend letter table field")

// firstOf is the median time to the first token of n requests at once.
func firstOf(ctx context.Context, s side, n int, prompt func(i int) []Message) (float64, error) {
	var wg sync.WaitGroup
	times, errs := make([]float64, n), make([]error, n)
	for i := range n {
		wg.Go(func() {
			one, err := converse(ctx, s, prompt(i), 4, 0.8, nil)
			times[i], errs[i] = millis(one.First), err
		})
	}
	wg.Wait()
	return middle(times), errors.Join(errs...)
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// sharedPrefix asks two different questions after the same long instructions, and measures the second.
func sharedPrefix(ctx context.Context, s side, round int) (float64, error) {
	system := Message{"system", words(fmt.Sprintf("shared %d", round), 2048)}
	for i := range 2 {
		one, err := converse(ctx, s, []Message{system, {"user", fmt.Sprintf("Tell me about %s, and why it matters.", topics[i])}}, 4, 0.8, nil)
		if err != nil || i == 1 {
			return millis(one.First), err
		}
	}
	return 0, nil
}

// comeBack goes on with a conversation after twenty others, more than there are slots.
func comeBack(ctx context.Context, s side, round int) (float64, error) {
	talk := func(i int) []Message { return []Message{{"user", words(fmt.Sprintf("talk %d %d", round, i), 1024)}} }
	old, err := converse(ctx, s, talk(0), 32, 0, nil)
	if err != nil {
		return 0, err
	}
	for i := range 20 {
		if _, err := converse(ctx, s, talk(1+i), 8, 0, nil); err != nil {
			return 0, err
		}
	}
	again := append(talk(0), Message{"assistant", old.Text}, Message{"user", "Go on, please."})
	one, err := converse(ctx, s, again, 4, 0, nil)
	return millis(one.First), err
}

// pauses is the 99th percentile of the time between two pieces of three running streams, from the moment when a
// long prompt comes in until its first token.
func pauses(ctx context.Context, s side, round int) (float64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	begun := make(chan struct{}, 3)
	streams, errs, starts := make([]Stream, 3), make([]error, 3), make([]time.Time, 3)
	for i := range 3 {
		wg.Go(func() {
			starts[i] = time.Now()
			streams[i], errs[i] = converse(ctx, s, []Message{{"user", prompt(7000 + 10*round + i)}}, 600, 0.8,
				func() { begun <- struct{}{} })
			if errs[i] != nil {
				cancel() // nobody waits for its first token
			}
		})
	}
	for range 3 {
		select {
		case <-begun:
		case <-ctx.Done():
			wg.Wait()
			return 0, errors.Join(errs...)
		}
	}
	from := time.Now()
	_, err := converse(ctx, s, []Message{{"user", words(fmt.Sprintf("pause %d", round), 4096)}}, 1, 0.8, nil)
	until := time.Now()
	cancel()
	wg.Wait()
	var gaps []float64
	for i, one := range streams {
		for j := 1; j < len(one.At); j++ {
			if at := starts[i].Add(one.At[j]); at.After(from) && starts[i].Add(one.At[j-1]).Before(until) {
				gaps = append(gaps, millis(one.At[j]-one.At[j-1]))
			}
		}
	}
	if err != nil || len(gaps) == 0 {
		return 0, errors.Join(err, errors.Join(errs...), errors.New("no stream was running beside the prompt"))
	}
	slices.Sort(gaps)
	return gaps[len(gaps)*99/100], nil
}

// embedding measures texts a second, in one request.
func embedding(n, tokens int) func(context.Context, side, int) (float64, error) {
	return func(ctx context.Context, s side, round int) (float64, error) {
		texts := make([]string, n)
		for i := range texts {
			var b strings.Builder
			for j := range tokens - 2 {
				b.WriteString(common[(i*3+j*7+round)%len(common)])
				b.WriteByte(' ')
			}
			texts[i] = b.String()
		}
		requests := max(1, 64/n)
		began := time.Now()
		for range requests {
			if err := s.embedAll(ctx, texts); err != nil {
				return 0, err
			}
		}
		return float64(n*requests) / time.Since(began).Seconds(), nil
	}
}

// Print writes the report as a table.
func (r EngineReport) Print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintf(t, "%s, %d threads; %s and %s; libraries of %s; medians of %d rounds\n\n", r.Machine, r.Threads, r.Model, r.Embedding, r.Libraries, r.Rounds)
	fmt.Fprintln(t, "case\tParley\tllama-server\tunit\tratio\tbar\tmet")
	for _, row := range r.Rows {
		met := "yes"
		if !row.Met {
			met = "no"
		}
		fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%s\t%.2f\t%s\t%s\n", row.Case, row.Parley, row.Rival, row.Unit, row.Ratio, row.Bar, met)
	}
	return t.Flush()
}
