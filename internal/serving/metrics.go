package serving

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// Metrics are the figures of the engines.
type Metrics struct {
	reg        prometheus.Registerer
	firstToken *prometheus.HistogramVec
	wait       *prometheus.HistogramVec
	speed      *prometheus.HistogramVec
	prefill    *prometheus.HistogramVec
	between    *prometheus.HistogramVec
	tokens     *prometheus.CounterVec
	full       prometheus.Counter
}

// NewMetrics registers the figures with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	histogram := func(name, help string, buckets []float64) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, []string{"model"})
	}
	m := &Metrics{
		reg: reg,
		firstToken: histogram("parley_first_token_seconds", "Time from request to first token, waiting included.",
			prometheus.ExponentialBuckets(0.02, 2, 12)),
		wait: histogram("parley_queue_wait_seconds", "Time from request to admission to a slot, loading included.",
			prometheus.ExponentialBuckets(0.001, 4, 10)),
		speed: histogram("parley_output_tokens_per_second", "Speed of one answer, from its first token to its last.",
			prometheus.ExponentialBuckets(1, 2, 11)),
		prefill: histogram("parley_prefill_tokens_per_second", "Speed of computing one prompt, without what was reused.",
			prometheus.ExponentialBuckets(8, 2, 13)),
		between: histogram("parley_between_tokens_seconds", "Time between two pieces of one answer.",
			prometheus.ExponentialBuckets(0.001, 2, 13)),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_tokens_total", Help: "Tokens by direction: input, cached (part of input), output.",
		}, []string{"model", "direction"}),
		full: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "parley_queue_refused_total", Help: "Requests refused because the queue was full.",
		}),
	}
	reg.MustRegister(m.firstToken, m.wait, m.speed, m.prefill, m.between, m.tokens, m.full)
	return m
}

func (m *Metrics) watch(p *pool) {
	gauge := func(name, help string, read func() float64) {
		m.reg.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, read))
	}
	gauge("parley_queue_length", "Requests that wait for a slot.", func() float64 {
		queued, _ := p.waiting()
		return float64(queued)
	})
	gauge("parley_running", "Requests that hold a slot.", func() float64 {
		_, running := p.waiting()
		return float64(running)
	})
	gauge("parley_models_loaded", "Models in memory.", func() float64 { return float64(len(p.residents())) })
	gauge("parley_models_loaded_bytes", "Native memory of the models in memory.", func() float64 {
		var sum uint64
		for _, info := range p.residents() {
			sum += info.MemoryBytes
		}
		return float64(sum)
	})
	m.reg.MustRegister(workOf{p})
}

func (m *Metrics) refused(err error) {
	if fault.Is(err, fault.CodeBusy) {
		m.full.Inc()
	}
}

func (m *Metrics) generated(model string, out Outcome, began, admitted, first time.Time) {
	m.wait.WithLabelValues(model).Observe(admitted.Sub(began).Seconds())
	if !first.IsZero() {
		m.firstToken.WithLabelValues(model).Observe(first.Sub(began).Seconds())
		if took := time.Since(first).Seconds(); out.Usage.OutputTokens > 1 && took > 0 {
			m.speed.WithLabelValues(model).Observe(float64(out.Usage.OutputTokens-1) / took)
		}
	}
	computed := out.Usage.InputTokens - out.Usage.CachedTokens
	if ms := out.Timings["prefill"]; !first.IsZero() && ms > 0 && computed > 0 {
		m.prefill.WithLabelValues(model).Observe(float64(computed) / (float64(ms) / 1000))
	}
	m.spent(model, out.Usage)
}

func (m *Metrics) read(model string, spent chat.Usage, waited time.Duration) {
	m.wait.WithLabelValues(model).Observe(waited.Seconds())
	m.spent(model, spent)
}

func (m *Metrics) spent(model string, u chat.Usage) {
	m.tokens.WithLabelValues(model, "input").Add(float64(u.InputTokens))
	m.tokens.WithLabelValues(model, "cached").Add(float64(u.CachedTokens))
	m.tokens.WithLabelValues(model, "output").Add(float64(u.OutputTokens))
}

// workOf collects what the loaded engines count.
type workOf struct{ pool *pool }

var (
	stepsTotal   = workDesc("steps_total", "Batches computed.")
	batchTotal   = workDesc("batch_tokens_total", "Tokens in the batches; divided by the steps it is the size of a batch.")
	guessedTotal = workDesc("guessed_tokens_total", "Tokens that were guessed from the prompt.")
	rightTotal   = workDesc("guessed_right_tokens_total", "Guessed tokens that were right.")
	cells        = workDesc("cache_tokens", "Room of the key-value cache.")
	held         = workDesc("cache_held_tokens", "Tokens in the key-value cache, those kept for reuse included.")
)

func workDesc(name, help string) *prometheus.Desc {
	return prometheus.NewDesc("parley_engine_"+name, help, []string{"model"}, nil)
}

// Describe implements prometheus.Collector.
func (workOf) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{stepsTotal, batchTotal, guessedTotal, rightTotal, cells, held} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c workOf) Collect(to chan<- prometheus.Metric) {
	for model, w := range c.pool.meters() {
		for desc, n := range map[*prometheus.Desc]int64{stepsTotal: w.Steps, batchTotal: w.Tokens, guessedTotal: w.Guessed, rightTotal: w.GuessedRight} {
			to <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(n), model)
		}
		to <- prometheus.MustNewConstMetric(cells, prometheus.GaugeValue, float64(w.Cells), model)
		to <- prometheus.MustNewConstMetric(held, prometheus.GaugeValue, float64(w.Held), model)
	}
}
