package servingtest

import (
	"context"
	"sync"

	"github.com/parley-chat/parley/internal/serving"
)

// Loader is a serving.Loader of scripted engines. The zero value gives each model a zero Scripted that
// knows which model it is.
type Loader struct {
	// Engine makes the engine of a model. nil makes a zero Scripted.
	Engine func(m serving.Model) serving.Engine
	// Fail, when not nil, is what Load returns.
	Fail error
	// Gate, when not nil, is received from before each Load returns: it makes loading slow.
	Gate chan struct{}

	mu     sync.Mutex
	loaded []serving.Model
}

var _ serving.Loader = (*Loader)(nil)

// Load implements serving.Loader.
func (l *Loader) Load(ctx context.Context, m serving.Model) (serving.Engine, error) {
	if l.Gate != nil {
		select {
		case <-l.Gate:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if l.Fail != nil {
		return nil, l.Fail
	}
	l.mu.Lock()
	l.loaded = append(l.loaded, m)
	l.mu.Unlock()
	if l.Engine != nil {
		return l.Engine(m), nil
	}
	return &Scripted{Model: m}, nil
}

// Loaded returns the models that Load opened, in order and with repetitions.
func (l *Loader) Loaded() []serving.Model {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]serving.Model(nil), l.loaded...)
}
