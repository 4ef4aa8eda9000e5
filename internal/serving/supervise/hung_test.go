package supervise

import (
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

// A child whose engine makes no step while an answer is asked for is killed, and counts as one that has died.
func TestHungChildIsKilled(t *testing.T) {
	t.Parallel()
	s, seen := setup(t, func(l *limits) { l.hung, l.look = 300*time.Millisecond, 10*time.Millisecond })
	e, err := s.Load(t.Context(), serving.Model{ID: "a"})
	if err != nil {
		t.Fatal(err)
	}
	pid := s.State().PID
	_, err = e.Generate(t.Context(), question("hang"), func(serving.Piece) error { return nil })
	if f := fault.From(err); f == nil || f.Kind != serving.EngineCrashed {
		t.Errorf("it ended with %v", err)
	}
	wait(t, "another process", func() bool { return s.State().PID != 0 && s.State().PID != pid })
	if alive(pid) || seen.FilterMessage("the engine's process hangs and is killed").Len() == 0 {
		t.Errorf("process %d is alive (%v) or nothing was logged", pid, alive(pid))
	}
	// One that only takes its time is left alone.
	e, err = s.Load(t.Context(), serving.Model{ID: "b"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Generate(t.Context(), question("hi"), func(serving.Piece) error { return nil }); err != nil {
		t.Error(err)
	}
}
