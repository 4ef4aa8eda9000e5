package conversation_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/fault"
)

func TestSearchMeaning(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.said(t, alice, "", "Wo ist die Straße zum CAFÉ?", "Gleich dort.\n\nAm Ende  der Straße.")
	b.said(t, alice, "", "ﬁve ① 東京 हिन्दी", "ΣΊΣΥΦΟΣ")
	for query, want := range map[string]int{
		"strasse":                2,
		"STRASSE cafe":           1,
		"straße wo":              1,
		"cafe\u0301":             1,
		`"ende der strasse"`:     1,
		`"strasse ende"`:         0,
		`"dort. am ende"`:        1,
		`"zum cafe" wo`:          1,
		`"unclosed`:              0,
		"five 1":                 1,
		"東":                      1,
		"हिन्दी":                 1,
		"हन्दी":                  0,
		"σισυφος":                1,
		"strasse nichtdabei":     0,
		strings.Repeat("x ", 16): 0,
	} {
		found, err := b.Search(ctx, alice, query, 10, "")
		if err != nil || len(found.Data) != want || found.Partial || found.Next != "" {
			t.Errorf("%s: %d hits, want %d (%+v, %v)", query, len(found.Data), want, found, err)
		}
	}
	for _, query := range []string{"", `  "" `, strings.Repeat("a", 1001), strings.Repeat("a ", 17), "\xff"} {
		_, err := b.Search(ctx, alice, query, 10, "")
		wantFault(t, err, fault.CodeInvalid, "q")
	}
}

func TestSearchPagesThroughTitlesThenMessages(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for i := range 6 {
		c, err := b.Create(ctx, alice, fmt.Sprint("needle title ", i))
		if err != nil {
			t.Fatal(err)
		}
		b.said(t, alice, c.ID, fmt.Sprint("a needle ", i), "hay")
	}
	var got []string
	cursor := ""
	for {
		found, err := b.Search(ctx, alice, "needle", 4, cursor)
		if err != nil || len(found.Data) > 4 {
			t.Fatalf("%+v, %v", found, err)
		}
		for _, h := range found.Data {
			got = append(got, h.Snippet)
			if !strings.HasPrefix(h.Title, "needle title") || (h.Message == "") == strings.HasPrefix(h.Snippet, "a ") {
				t.Errorf("hit %+v", h)
			}
		}
		if cursor = found.Next; cursor == "" {
			break
		}
	}
	want := "needle title 5,needle title 4,needle title 3,needle title 2,needle title 1,needle title 0," +
		"a needle 5,a needle 4,a needle 3,a needle 2,a needle 1,a needle 0"
	if strings.Join(got, ",") != want {
		t.Errorf("got %v", got)
	}
}

func TestSearchBoundsItsWork(t *testing.T) {
	t.Parallel()
	cfg := conversation.DefaultConfig()
	cfg.SearchMessages = 5
	b := setupWith(t, cfg)
	b.said(t, alice, "", "needle", "hay")
	for range 6 {
		b.said(t, alice, "", "hay", "hay")
	}
	var calls, hits int
	for cursor := ""; ; calls++ {
		found, err := b.Search(ctx, alice, "needle", 10, cursor)
		if err != nil {
			t.Fatal(err)
		}
		hits += len(found.Data)
		if cursor = found.Next; cursor == "" {
			break
		}
		if !found.Partial {
			t.Error("a cut search does not say so")
		}
	}
	if hits != 1 || calls < 3 {
		t.Errorf("%d hits in %d calls", hits, calls)
	}
}

func TestSearchMindsTheDeadline(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.said(t, alice, "", "hay", "hay")
	soon, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if found, err := b.Search(soon, alice, "hay", 1, ""); err != nil || len(found.Data) != 1 || found.Partial {
		t.Errorf("with a deadline: %+v, %v", found, err)
	}
}

func TestSnippetShowsTheMatch(t *testing.T) {
	t.Parallel()
	b := setup(t)
	long := strings.Repeat("Füllwort ", 400)
	b.said(t, alice, "", long+"die Große\nNadel liegt hier "+long, "x")
	found, err := b.Search(ctx, alice, "nadel grosse", 1, "")
	if err != nil || len(found.Data) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	s := found.Data[0].Snippet
	if !strings.Contains(s, "die Große Nadel liegt hier") || len(s) > 300 || !strings.HasPrefix(s, "…") || !strings.HasSuffix(s, "…") {
		t.Errorf("snippet %q", s)
	}
	if h := found.Data[0]; h.Role != chat.User || h.CreatedAt.IsZero() {
		t.Errorf("hit %+v", h)
	}
}

func BenchmarkSearch(b *testing.B) {
	s := setup(b)
	conv := s.turn(b, alice, conversation.Turn{Messages: ask("q")})
	s.finish(b, alice, conv.Answer.ID, "a")
	text := strings.Repeat("Lorem ipsum dolor sit amet, größer als je zuvor. ", 20)
	turn := conversation.Turn{Conversation: conv.Conversation.ID, Parent: ptr("")}
	for range 330 {
		turn.Messages = nil
		for range 15 {
			turn.Messages = append(turn.Messages, chat.Message{Role: chat.User, Text: text}, chat.Message{Role: chat.Assistant, Text: text})
		}
		turn.Messages = turn.Messages[:29]
		begun := s.turn(b, alice, turn)
		s.finish(b, alice, begun.Answer.ID, text)
	}
	b.ResetTimer()
	for range b.N {
		found, err := s.Search(ctx, alice, "absent word", 10, "")
		if err != nil || found.Partial || len(found.Data) > 0 {
			b.Fatalf("%+v, %v", found, err)
		}
	}
}
