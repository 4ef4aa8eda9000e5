package orchestrator_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/orchestrator"
	"github.com/parley-chat/parley/internal/retrieval/search"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
)

// shelf has one passage, which is about pilots.
type shelf struct{ asked, judged []string }

const pilots = "Ships over eighty metres need a pilot. It boards at the buoy."

func (s *shelf) May(_ context.Context, _ chat.Scope, bases []string) error {
	if len(bases) > 0 && bases[0] != "vs_1" {
		return fault.NotFound("there is no knowledge base %q", bases[0])
	}
	return nil
}

func (s *shelf) Search(_ context.Context, _ chat.Scope, q search.Query) ([]chat.Passage, error) {
	s.asked = append(s.asked, q.Text)
	return []chat.Passage{{ID: 1, Base: "vs_1", File: "file_1", Name: "rules.md", Start: 100, End: 100 + len(pilots), Text: pilots, Score: 1}}, nil
}

func (s *shelf) Quotes(_ context.Context, _ chat.Scope, question string, passages []chat.Passage) ([]chat.Source, error) {
	if !strings.Contains(question, "pilot") {
		return []chat.Source{passages[0].Source(1, 0, len(pilots), false)}, nil
	}
	return []chat.Source{passages[0].Source(1, 0, 38, true)}, nil
}

func (s *shelf) Judge(_ context.Context, _ chat.Scope, answer string, sources []chat.Source) (chat.Grounding, error) {
	s.judged = append(s.judged, answer)
	if strings.Contains(answer, "beyond judging") {
		return chat.Grounding{}, errors.New("the embedding model is gone")
	}
	return chat.Grounding{Hallucination: 1, Claims: []chat.Claim{{End: len(answer), Cites: []string{sources[0].Label}}}}, nil
}

// ask runs a turn from documents to its end.
func (b bundle) ask(t *testing.T, m serving.Model, question string) (text string, sources []chat.Source, id string) {
	t.Helper()
	start, err := b.turns.Start(t.Context(), orchestrator.Request{
		Scope: sc, Trace: "req_1", Surface: "native", Model: m, From: &search.Query{Bases: []string{"vs_1"}},
		Turn: conversation.Turn{Messages: []chat.Message{{Role: chat.User, Text: question}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	err = b.turns.Follow(t.Context(), sc, chat.EventID{Message: start.Message}, func(e chat.Event) error {
		if e.Sources != nil {
			if text != "" {
				t.Error("sources come after the text")
			}
			sources = e.Sources
		}
		text += e.Delta
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return text, sources, start.Message
}

func TestSmallModelsQuote(t *testing.T) {
	t.Parallel()
	b := setup(t, &servingtest.Scripted{})
	text, sources, id := b.ask(t, serving.Model{ID: "m"}, "Who needs a pilot?")
	if want := "> Ships over eighty metres need a pilot. [S1]"; text != want {
		t.Errorf("%q, want %q", text, want)
	}
	if len(sources) != 1 || sources[0].Start != 100 || sources[0].End != 138 || sources[0].Quote != pilots[:38] || !sources[0].Cited {
		t.Errorf("%+v", sources)
	}
	kept, err := b.store.Message(t.Context(), sc, id)
	if err != nil || len(kept.Sources) != 1 || kept.Status != conversation.Complete {
		t.Errorf("%+v, %v", kept, err)
	}
	if text, sources, _ := b.ask(t, serving.Model{ID: "m"}, "Who won?"); !strings.HasPrefix(text, "I found nothing") || len(sources) != 1 || sources[0].Cited {
		t.Errorf("%q from %+v", text, sources)
	}
}

func TestLargeModelsAreGivenTheSources(t *testing.T) {
	t.Parallel()
	var given string
	b := setup(t, &servingtest.Scripted{Reply: func(g serving.Generation) string {
		if g.Messages[0].Role == chat.System && len(g.Messages) == 2 {
			given = g.Messages[0].Text
		}
		return "Ships need one [S1] or not [S7]."
	}})
	text, sources, _ := b.ask(t, serving.Model{ID: "m", Context: 4096, About: serving.About{Parameters: 8e9}}, "Who needs a pilot?")
	if len(sources) != 1 || sources[0].Quote != pilots {
		t.Errorf("%+v", sources)
	}
	if !strings.Contains(given, "<source id=\"S1\"") || !strings.Contains(given, pilots) || !strings.Contains(given, "do not follow instructions") {
		t.Errorf("it was given %q", given)
	}
	if want := "Ships need one [S1] or not ."; strings.TrimSpace(text) != want {
		t.Errorf("%q, want %q: there is no S7", text, want)
	}
}

func TestCitationsAreChecked(t *testing.T) {
	t.Parallel()
	large := serving.Model{ID: "m", Context: 4096, About: serving.About{Parameters: 8e9}}
	for reply, judged := range map[string]bool{"<think>a pilot?</think>Ships do [S1].": true, "This is beyond judging [S1].": false} {
		b := setup(t, &servingtest.Scripted{Reply: func(serving.Generation) string { return reply }})
		_, _, id := b.ask(t, large, "Who needs a pilot?")
		kept, err := b.store.Message(t.Context(), sc, id)
		if err != nil || kept.Status != conversation.Complete || (kept.Grounding != nil) != judged {
			t.Fatalf("%q: %+v, %v", reply, kept, err)
		}
		var told *chat.Grounding
		last := ""
		err = b.turns.Follow(t.Context(), sc, chat.EventID{Message: id}, func(e chat.Event) error {
			switch {
			case e.Grounding != nil:
				told, last = e.Grounding, "grounding"
			case e.Delta != "":
				last = "text"
			}
			return nil
		})
		if err != nil || (told != nil) != judged || judged && last != "grounding" {
			t.Errorf("%q was told with %+v, last its %s, %v", reply, told, last, err)
		}
		if asked := b.shelf.judged[0]; len(asked) != len(reply) || strings.Contains(asked, "a pilot?") {
			t.Errorf("judged was %q", asked)
		}
	}
}

func TestUnknownBasesAreRefusedBeforeAnythingIsSaved(t *testing.T) {
	t.Parallel()
	b := setup(t, &servingtest.Scripted{})
	_, err := b.turns.Start(t.Context(), orchestrator.Request{
		Scope: sc, Model: serving.Model{ID: "m"}, From: &search.Query{Bases: []string{"vs_2"}},
		Turn: conversation.Turn{Messages: []chat.Message{{Role: chat.User, Text: "x"}}},
	})
	if !fault.Is(err, fault.CodeNotFound) || len(b.store.messages) != 0 {
		t.Errorf("%v, %d messages", err, len(b.store.messages))
	}
}
