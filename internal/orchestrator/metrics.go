package orchestrator

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/usage"
)

// Metrics are the figures of the turns, whatever interface they came by.
type Metrics struct {
	turns *prometheus.CounterVec
}

// NewMetrics registers the figures with reg.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{turns: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "parley_turns_total",
		Help: "Turns by interface, outcome (ok, cancelled, failed) and the error's code, those refused before they began included.",
	}, []string{"surface", "outcome", "code"})}
	reg.MustRegister(m.turns)
	return m
}

// ended counts a turn. The codes are those that the API tells, so that their number is bounded.
func (m *Metrics) ended(surface string, failed error) {
	code := ""
	if f := fault.From(failed); f != nil {
		if code = f.Kind; code == "" {
			code = string(f.Code)
		}
	}
	m.turns.WithLabelValues(surface, string(outcome(failed)), code).Inc()
}

func outcome(failed error) usage.Outcome {
	switch {
	case failed == nil:
		return usage.OK
	case fault.Is(failed, fault.CodeCancelled):
		return usage.Cancelled
	}
	return usage.Failed
}
