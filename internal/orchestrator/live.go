package orchestrator

import (
	"context"
	"strings"
	"sync"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/fault"
)

// live is one turn in memory: the log of its events and the text so far. One writer adds, any number
// follow, each at its own pace.
type live struct {
	scope  chat.Scope
	start  chat.Start
	cancel context.CancelCauseFunc

	mu      sync.Mutex
	events  []chat.Event
	text    strings.Builder
	sources []chat.Source
	judged  *chat.Grounding
	over    bool
	changed chan struct{} // closed and replaced when events grow
}

func newLive(sc chat.Scope, start chat.Start, cancel context.CancelCauseFunc) *live {
	return &live{scope: sc, start: start, cancel: cancel, changed: make(chan struct{})}
}

// add appends an event and numbers it.
func (l *live) add(e chat.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.WriteString(e.Delta)
	if e.Sources != nil {
		l.sources = e.Sources
	}
	if e.Grounding != nil {
		l.judged = e.Grounding
	}
	e.ID = chat.EventID{Message: l.start.Message, Seq: len(l.events) + 1, Offset: l.text.Len()}
	l.events = append(l.events, e)
	l.over = l.over || e.Done != nil || e.Error != nil
	close(l.changed)
	l.changed = make(chan struct{})
}

func (l *live) say(text string) {
	if text != "" {
		l.add(chat.Event{Delta: text})
	}
}

func (l *live) said() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// rests is what the answer rests on, and how far.
func (l *live) rests() ([]chat.Source, *chat.Grounding) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sources, l.judged
}

func (l *live) failure(err error) chat.Event {
	f := fault.From(err)
	code := string(f.Code)
	if f.Kind != "" {
		code = f.Kind
	}
	return chat.Event{Error: &chat.EventError{Code: code, Class: string(f.Code), Message: f.Message, Ref: l.start.Trace, RetryAfter: f.RetrySeconds()}}
}

// follow tells the events after a place. Deltas that have piled up are told as one, with the id of the
// last, so that a slow reader or a late one catches up at once.
func (l *live) follow(ctx context.Context, after chat.EventID, send func(chat.Event) error) error {
	next := after.Seq
	for {
		l.mu.Lock()
		if next > len(l.events) {
			l.mu.Unlock()
			return fault.Invalid("the answer has no place %s", after).At("Last-Event-ID")
		}
		news, over, changed := l.events[next:], l.over, l.changed
		l.mu.Unlock()
		next += len(news)
		for i := 0; i < len(news); i++ {
			e := news[i]
			if e.Delta != "" {
				var joined strings.Builder
				for ; i < len(news) && news[i].Delta != ""; i++ {
					joined.WriteString(news[i].Delta)
					e.ID = news[i].ID
				}
				i--
				e.Delta = joined.String()
			}
			if err := send(e); err != nil {
				return err
			}
		}
		if over {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}
