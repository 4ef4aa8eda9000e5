package app_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/serving/servingtest"
)

// A ChatGPT export comes in, is filed, forked, saved as a file, and comes in again.
func TestImportedConversationIsLikeAnyOther(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	const entry = `{"title": "Brot & \"Käse\": 1/2", "create_time": 1700000000, "update_time": 1700000100, "current_node": "a", "mapping": {
		"r": {"id": "r", "message": null, "parent": null, "children": ["q"]},
		"q": {"id": "q", "parent": "r", "children": ["a"], "message": {"author": {"role": "user"}, "create_time": 1700000001, "content": {"content_type": "text", "parts": ["Wie lange backt Brot?"]}}},
		"a": {"id": "a", "parent": "q", "children": [], "message": {"author": {"role": "assistant"}, "create_time": 1700000002, "content": {"content_type": "text", "parts": ["Vierzig Minuten."]}, "metadata": {"model_slug": "gpt-4o"}}}}}`
	var done struct {
		Imported int
		Skipped  []struct {
			Index         int
			Title, Reason string
		}
	}
	s.must(t, http.StatusOK, seeded, "POST", "/v1/conversations/import", `{"conversations": [`+entry+`, {"title": "other"}]}`).into(t, &done)
	if done.Imported != 1 || len(done.Skipped) != 1 || done.Skipped[0].Index != 1 {
		t.Fatalf("%+v", done)
	}
	var folder struct{ ID string }
	s.must(t, http.StatusCreated, seeded, "POST", "/v1/folders", `{"name": "Küche"}`).into(t, &folder)
	type conv struct {
		ID, Title string
		Folder    string `json:"folder_id"`
		Leaf      string `json:"leaf_id"`
		UpdatedAt string `json:"updated_at"`
	}
	var page struct{ Data []conv }
	s.must(t, http.StatusOK, seeded, "GET", "/v1/conversations?folder=none&archived=false", nil).into(t, &page)
	if len(page.Data) != 1 || page.Data[0].UpdatedAt != "2023-11-14T22:15:00Z" {
		t.Fatalf("%+v", page)
	}
	c := page.Data[0]
	s.must(t, http.StatusOK, seeded, "PATCH", "/v1/conversations/"+c.ID, map[string]string{"folder_id": folder.ID})
	s.must(t, http.StatusOK, seeded, "GET", "/v1/conversations?folder="+folder.ID, nil).into(t, &page)
	if len(page.Data) != 1 || page.Data[0].Folder != folder.ID {
		t.Errorf("%+v", page)
	}
	if a := s.call(t, seeded, "PATCH", "/v1/conversations/"+c.ID, `{"folder_id": "fold_x"}`); a.status != http.StatusNotFound || !strings.Contains(string(a.body), `"param":"folder_id"`) {
		t.Errorf("an unknown folder: %d %s", a.status, a.body)
	}

	md := s.must(t, http.StatusOK, seeded, "GET", "/v1/conversations/"+c.ID+"/export?format=md", nil)
	if got := md.header.Get("Content-Disposition"); got != `attachment; filename*=utf-8''Brot%20&%20K%C3%A4se%201%202.md` {
		t.Errorf("file name: %s", got)
	}
	if text := string(md.body); !strings.HasPrefix(md.header.Get("Content-Type"), "text/markdown") || !strings.Contains(text, "**gpt-4o** · 2023-11-14 22:13 UTC\n\nVierzig Minuten.") {
		t.Errorf("%s %s", md.header, text)
	}
	js := s.must(t, http.StatusOK, seeded, "GET", "/v1/conversations/"+c.ID+"/export?format=json", nil)
	if !json.Valid(js.body) || !strings.HasSuffix(js.header.Get("Content-Disposition"), ".json") {
		t.Errorf("%s %s", js.header, js.body)
	}
	if a := s.call(t, seeded, "GET", "/v1/conversations/"+c.ID+"/export?format=pdf", nil); a.status != http.StatusBadRequest {
		t.Errorf("as PDF: %d %s", a.status, a.body)
	}
	s.must(t, http.StatusOK, seeded, "POST", "/v1/conversations/import", `{"conversations": [`+string(js.body)+`]}`).into(t, &done)
	if done.Imported != 1 || len(done.Skipped) != 0 {
		t.Errorf("%+v", done)
	}
	var fork conv
	s.must(t, http.StatusCreated, seeded, "POST", "/v1/conversations/"+c.ID+"/fork", map[string]string{"message_id": c.Leaf}).into(t, &fork)
	if fork.Title != c.Title || fork.ID == c.ID || fork.Folder != folder.ID {
		t.Errorf("%+v", fork)
	}
	if a := s.call(t, seeded, "POST", "/v1/conversations/import", `{}`); a.status != http.StatusBadRequest {
		t.Errorf("nothing to import: %d %s", a.status, a.body)
	}
}

// Edits and judgements are seen at once, and a temporary conversation by its id alone.
func TestMessagesAreChangedAndTemporaryOnesHidden(t *testing.T) {
	t.Parallel()
	s := boot(t, "", nil, nil)
	var turn struct {
		ConversationID string `json:"conversation_id"`
		UserMessageID  string `json:"user_message_id"`
		Message        struct{ ID string }
	}
	s.must(t, http.StatusOK, seeded, "POST", "/v1/chat.completions",
		`{"temporary": true, "messages": [{"role": "user", "content": "psst"}], "response": {"stream": false}}`).into(t, &turn)
	answer := "/v1/messages/" + turn.Message.ID
	s.must(t, http.StatusOK, seeded, "PATCH", answer, `{"text": "better"}`)
	s.must(t, http.StatusOK, seeded, "PUT", answer+"/feedback", `{"rating": -1, "reason": "style", "comment": "too long"}`)
	if a := s.call(t, seeded, "PUT", "/v1/messages/"+turn.UserMessageID+"/feedback", `{"rating": 1}`); a.status != http.StatusBadRequest {
		t.Errorf("a rated question: %d %s", a.status, a.body)
	}
	if a := s.call(t, seeded, "PUT", answer+"/feedback", `{}`); a.status != http.StatusBadRequest {
		t.Errorf("an empty judgement: %d %s", a.status, a.body)
	}
	list := string(s.must(t, http.StatusOK, seeded, "GET", "/v1/conversations/"+turn.ConversationID+"/messages", nil).body)
	for _, want := range []string{`"text":"better"`, `"edited_at":"2`, `"rating":-1,"reason":"style","comment":"too long"`, `"feedback":null`, `"latency_ms":`} {
		if !strings.Contains(list, want) {
			t.Errorf("the messages lack %s: %s", want, list)
		}
	}
	told := ""
	s.stream(t, seeded, "GET", answer+"/events", "", func(e event) bool { told += e.Delta; return true })
	if told != "better" {
		t.Errorf("the events tell %q", told)
	}
	if a := s.must(t, http.StatusOK, seeded, "DELETE", answer+"/feedback", nil); strings.Contains(string(a.body), "too long") {
		t.Errorf("still judged: %s", a.body)
	}
	conv := string(s.must(t, http.StatusOK, seeded, "GET", "/v1/conversations/"+turn.ConversationID, nil).body)
	if !strings.Contains(conv, `"temporary":true`) {
		t.Errorf("%s", conv)
	}
	if page := string(s.must(t, http.StatusOK, seeded, "GET", "/v1/conversations", nil).body); strings.Contains(page, turn.ConversationID) {
		t.Errorf("listed: %s", page)
	}
	if a := s.call(t, seeded, "GET", "/v1/conversations/"+turn.ConversationID+"/export", nil); a.status != http.StatusConflict {
		t.Errorf("exported: %d %s", a.status, a.body)
	}
}

// An answer that was stopped goes on, by the model that wrote it.
func TestStoppedAnswerGoesOn(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	s := boot(t, "", func(m serving.Model) *servingtest.Scripted {
		return &servingtest.Scripted{Model: m, Reply: func(serving.Generation) string { return "one two three four" }, Gate: gate}
	}, nil)
	var start chat.Start
	s.stream(t, seeded, "POST", "/v1/chat.completions", `{"messages": [{"role": "user", "content": "count"}]}`, func(e event) bool {
		switch {
		case e.Start != nil:
			start = *e.Start
			running := fmt.Sprintf(`{"conversation_id": %q, "parent_id": %q, "continue": true}`, start.Conversation, start.Message)
			if a := s.call(t, seeded, "POST", "/v1/chat.completions", running); a.status != http.StatusConflict || a.code() != "turn_running" {
				t.Errorf("continued while it streams: %d %s", a.status, a.body)
			}
			gate <- struct{}{}
		case e.Delta != "":
			s.must(t, http.StatusNoContent, seeded, "POST", "/v1/messages/"+start.Message+"/cancel", nil)
		}
		return true
	})
	close(gate)
	body := fmt.Sprintf(`"conversation_id": %q, "parent_id": %q, "continue": true`, start.Conversation, start.Message)
	first, text := "", ""
	var done *chat.Done
	s.stream(t, seeded, "POST", "/v1/chat.completions", `{`+body+`}`, func(e event) bool {
		if text += e.Delta; first == "" {
			first = e.Delta
		}
		if e.Start != nil && (e.Start.Question != start.Question || e.Start.Message == start.Message) {
			t.Errorf("%+v continues %+v", e.Start, start)
		}
		done = e.Done
		return true
	})
	if !strings.HasPrefix(first, "one ") || text != "one two three four" || done == nil || done.Usage.OutputTokens != 3 {
		t.Errorf("%q, begun with %q, %+v", text, first, done)
	}
	var tree struct {
		Data []struct {
			ID, Text, Status string
			Parent           string `json:"parent_id"`
		}
	}
	s.must(t, http.StatusOK, seeded, "GET", "/v1/conversations/"+start.Conversation+"/messages", nil).into(t, &tree)
	if len(tree.Data) != 3 || tree.Data[1].Text != "one " || tree.Data[1].Status != "partial" || tree.Data[2].Text != text || tree.Data[2].Parent != start.Question {
		t.Errorf("%+v", tree.Data)
	}
	for refused, param := range map[string]string{
		`{` + body + `, "messages": [{"role": "user", "content": "x"}]}`:                      "messages",
		`{"conversation_id": "` + start.Conversation + `", "continue": true, "messages": []}`: "parent_id",
		`{"parent_id": "` + start.Message + `", "continue": true}`:                            "parent_id",
		`{"temporary": true, ` + body + `}`:                                                   "temporary",
	} {
		if a := s.call(t, seeded, "POST", "/v1/chat.completions", refused); a.status != http.StatusBadRequest || !strings.Contains(string(a.body), `"param":"`+param+`"`) {
			t.Errorf("%s: %d %s", refused, a.status, a.body)
		}
	}
	s.must(t, http.StatusOK, seeded, "PATCH", "/v1/messages/"+start.Question, `{"text": "count again"}`)
	if a := s.call(t, seeded, "POST", "/v1/chat.completions", `{`+body+`}`); a.status != http.StatusConflict || a.code() != "parent_changed" {
		t.Errorf("continued below an edit: %d %s", a.status, a.body)
	}
}
