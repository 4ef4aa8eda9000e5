package orchestrator_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/orchestrator"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
	"github.com/parley-chat/parley/internal/usage"
)

// An embedding does not wait for its record, and Close does.
func TestRecordOfAnEmbeddingFollows(t *testing.T) {
	t.Parallel()
	b := &book{}
	o := orchestrator.New(engine{&servingtest.Scripted{}}, b, orchestrator.NewMetrics(prometheus.NewRegistry()), zap.NewNop())
	b.mu.Lock()
	if _, err := o.Embed(t.Context(), orchestrator.Ask{Scope: sc}, []serving.Input{{Text: "hi"}}); err != nil {
		t.Error(err)
	}
	if len(b.records) != 0 {
		t.Error("there is a record already")
	}
	b.mu.Unlock()
	o.Close()
	if len(b.records) != 1 || b.records[0].Outcome != usage.OK {
		t.Errorf("records after the end: %+v", b.records)
	}
}
