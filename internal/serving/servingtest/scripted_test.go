package servingtest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
)

func TestScriptedConforms(t *testing.T) {
	t.Parallel()
	servingtest.Run(t, func(*testing.T) serving.Engine {
		return &servingtest.Scripted{Model: serving.Model{ID: "words", Kind: serving.KindChat}}
	})
}

func TestScriptedEmbedConforms(t *testing.T) {
	t.Parallel()
	servingtest.RunEmbed(t, func(*testing.T) serving.Engine {
		return &servingtest.Scripted{Model: serving.Model{ID: "vectors", Kind: serving.KindEmbed}}
	})
}

func say(text string) serving.Generation {
	return serving.Generation{Messages: []chat.Message{{Role: chat.User, Text: text}}}
}

func TestScriptedRepliesInTurn(t *testing.T) {
	t.Parallel()
	s := &servingtest.Scripted{Replies: []string{"one", "two words"}}
	for _, want := range []string{"one", "two words", "two words"} {
		var got strings.Builder
		out, err := s.Generate(t.Context(), say("hi"), func(p serving.Piece) error {
			got.WriteString(p.Text)
			return nil
		})
		if err != nil || got.String() != want || out.Usage.OutputTokens != len(strings.Fields(want)) {
			t.Errorf("got %q, usage %+v, error %v; want %q", got.String(), out.Usage, err, want)
		}
	}
	if n := len(s.Asked()); n != 3 || s.Active() != 0 {
		t.Errorf("%d asked, %d active; want 3 and 0", n, s.Active())
	}
}

func TestScriptedGateAndFailure(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	s := &servingtest.Scripted{
		Replies: []string{"a b c d"}, Gate: make(chan struct{}), Started: make(chan struct{}, 1),
		Fail: broken, FailAfter: 2,
	}
	pieces := make(chan string, 4)
	done := make(chan error, 1)
	go func() {
		_, err := s.Generate(context.Background(), say("hi"), func(p serving.Piece) error {
			pieces <- p.Text
			return nil
		})
		done <- err
	}()
	<-s.Started
	for _, want := range []string{"a ", "b "} {
		select {
		case p := <-pieces:
			t.Fatalf("%q came before the gate opened", p)
		default:
		}
		s.Gate <- struct{}{}
		if got := <-pieces; got != want {
			t.Errorf("piece is %q, want %q", got, want)
		}
	}
	if err := <-done; !errors.Is(err, broken) {
		t.Errorf("error is %v, want the injected one", err)
	}
}

func TestLoader(t *testing.T) {
	t.Parallel()
	var l servingtest.Loader
	m := serving.Model{ID: "m", Kind: serving.KindChat}
	e, err := l.Load(t.Context(), m)
	if err != nil || e.Info().Model.ID != m.ID || len(l.Loaded()) != 1 {
		t.Errorf("engine of %+v, error %v, loaded %v", e.Info().Model, err, l.Loaded())
	}
}
