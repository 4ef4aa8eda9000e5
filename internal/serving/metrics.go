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
	tokens     *prometheus.CounterVec
	full       prometheus.Counter
}

// NewMetrics registers the figures with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		reg: reg,
		firstToken: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "parley_first_token_seconds", Help: "Time from request to first token, waiting included.",
			Buckets: prometheus.ExponentialBuckets(0.02, 2, 12),
		}, []string{"model"}),
		wait: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "parley_queue_wait_seconds", Help: "Time from request to admission to a slot, loading included.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 10),
		}, []string{"model"}),
		speed: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "parley_output_tokens_per_second", Help: "Speed of one answer, from its first token to its last.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 11),
		}, []string{"model"}),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "parley_tokens_total", Help: "Tokens by direction: input, cached (part of input), output.",
		}, []string{"model", "direction"}),
		full: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "parley_queue_refused_total", Help: "Requests refused because the queue was full.",
		}),
	}
	reg.MustRegister(m.firstToken, m.wait, m.speed, m.tokens, m.full)
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
	m.spent(model, out.Usage)
}

func (m *Metrics) embedded(model string, out Embeddings, waited time.Duration) {
	m.wait.WithLabelValues(model).Observe(waited.Seconds())
	m.spent(model, out.Usage)
}

func (m *Metrics) spent(model string, u chat.Usage) {
	m.tokens.WithLabelValues(model, "input").Add(float64(u.InputTokens))
	m.tokens.WithLabelValues(model, "cached").Add(float64(u.CachedTokens))
	m.tokens.WithLabelValues(model, "output").Add(float64(u.OutputTokens))
}
