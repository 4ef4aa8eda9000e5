package conversation_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/conversation"
)

// plant imports conversations, each of a question and an answer: the first of a hundred is pinned, every
// second archived, every fourth in the folder that is returned.
func (b bench) plant(t testing.TB, n int) (folder string) {
	t.Helper()
	folder = b.folder(t, "quarter").ID
	for from := 0; from < n; from += 1000 {
		var entries []json.RawMessage
		for i := from; i < min(n, from+1000); i++ {
			status := []string{"active", "archived"}[i%2]
			entries = append(entries, fmt.Appendf(nil, `{"title": "Conversation about the number %d", "status": %q, "pinned": %t, "created_at": %d, "updated_at": %d,
				"messages": [{"id": "q", "role": "user", "text": "Why?"}, {"id": "a", "parent_id": "q", "role": "assistant", "text": "Because."}]}`,
				i, status, i%100 == 0, 1_700_000_000+i, 1_700_000_000+i))
		}
		if done, err := b.Import(ctx, alice, entries); err != nil || len(done.Skipped) > 0 {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	_, err := b.db.Exec(ctx, `UPDATE conversations SET folder_id = ? WHERE created_at / 1000 % 4 = 0`, folder)
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

func BenchmarkList(b *testing.B) {
	s := setup(b)
	folder := s.plant(b, 10_000)
	deep := conversation.Filter{State: conversation.Active, Limit: 200}
	for range 20 {
		page, err := s.List(ctx, alice, deep)
		if err != nil || page.Next == "" {
			b.Fatal(err)
		}
		deep.Cursor = page.Next
	}
	for _, c := range []struct {
		name string
		f    conversation.Filter
	}{
		{"first page", conversation.Filter{State: conversation.Active}},
		{"first page of all", conversation.Filter{}},
		{"page of 200", conversation.Filter{State: conversation.Active, Limit: 200}},
		{"last page", deep},
		{"folder", conversation.Filter{State: conversation.Active, Folder: folder}},
		{"no folder", conversation.Filter{State: conversation.Active, Folder: conversation.NoFolder}},
		{"absent word", conversation.Filter{State: conversation.Active, Query: "absent"}},
	} {
		b.Run(strings.ReplaceAll(c.name, " ", "-"), func(b *testing.B) {
			for range b.N {
				if _, err := s.List(ctx, alice, c.f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("folders", func(b *testing.B) {
		for range b.N {
			if _, err := s.Folders(ctx, alice); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkMessages(b *testing.B) {
	s := setup(b)
	text := strings.Repeat("Lorem ipsum dolor sit amet, größer als je zuvor. ", 20)
	var messages []string
	for i := range 2000 {
		messages = append(messages, fmt.Sprintf(`{"id": "%d", "parent_id": "%d", "role": %q, "text": %q, "created_at": %d}`,
			i, i-1, []string{"user", "assistant"}[i%2], text, 1_700_000_000+i))
	}
	done, err := s.Import(ctx, alice, []json.RawMessage{[]byte(`{"title": "Long", "messages": [` + strings.Join(messages, ",") + `]}`)})
	if err != nil || done.Imported != 1 {
		b.Fatalf("%+v, %v", done, err)
	}
	page, err := s.List(ctx, alice, conversation.Filter{})
	if err != nil {
		b.Fatal(err)
	}
	id := page.Data[0].ID
	b.Run("tree", func(b *testing.B) {
		for range b.N {
			if all, err := s.Messages(ctx, alice, id); err != nil || len(all) != 2000 {
				b.Fatal(len(all), err)
			}
		}
	})
	b.Run("path", func(b *testing.B) {
		for range b.N {
			if all, err := s.Path(ctx, alice, id, ""); err != nil || len(all) != 2000 {
				b.Fatal(len(all), err)
			}
		}
	})
}
