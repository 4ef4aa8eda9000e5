package app_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/edge/knowledgeapi"
)

// vectorStore is what these tests read of a vector store, a file in it, and a list.
type vectorStore struct {
	ID     string
	Object string
	Data   []vectorStore
	State  string
	Error  *struct{ Kind, Message string } `json:"last_error"`
}

// upload sends a file as a form.
func (s *site) upload(t *testing.T, c credential, name, content string) answer {
	t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if err := w.WriteField("purpose", "assistants"); err != nil {
		t.Fatal(err)
	}
	part, err := w.CreateFormFile("file", name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return s.must(t, http.StatusOK, c, "POST", "/v1/files", body.String(), "Content-Type", w.FormDataContentType())
}

// settled waits until a file of a vector store goes no further by itself.
func (s *site) settled(t *testing.T, c credential, path string) (f vectorStore) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); f.State != "ready" && f.State != "failed"; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s is %s", path, f.State)
		}
		s.must(t, http.StatusOK, c, "GET", path, nil).into(t, &f)
	}
	return f
}

const rules = "# Rules\n\n## Pilots\n\nShips over eighty metres need a pilot.\n\n## Fees\n\nA berth costs twenty euros a night."

// From the upload of a file to an answer that quotes it, and what others see of it.
func TestKnowledge(t *testing.T) {
	t.Parallel()
	h := furnish(t)
	alice, bob, eve := h.signIn(t, "owner@b.test"), h.signIn(t, "member@b.test"), seeded
	var file, made vectorStore
	h.upload(t, alice, "rules.md", rules).into(t, &file)
	h.must(t, http.StatusOK, alice, "POST", "/v1/vector_stores", `{"name": "Harbour", "file_ids": ["`+file.ID+`"]}`).into(t, &made)
	path := "/v1/vector_stores/" + made.ID
	if f := h.settled(t, alice, path+"/files/"+file.ID); f.State != "ready" {
		t.Fatalf("%+v", f.Error)
	}
	var locked vectorStore
	h.upload(t, alice, "old.xls", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1").into(t, &locked)
	h.must(t, http.StatusOK, alice, "POST", path+"/files", `{"file_id": "`+locked.ID+`"}`)
	if f := h.settled(t, alice, path+"/files/"+locked.ID); f.State != "failed" || f.Error == nil || f.Error.Kind != "unsupported" {
		t.Errorf("%+v", f)
	}

	search := func(c credential) (found []chat.Source) {
		var list struct {
			Data []struct {
				File       string `json:"file_id"`
				Text       string
				Start, End int
			}
		}
		h.must(t, http.StatusOK, c, "POST", "/v1/search", `{"query": "who needs a pilot"}`).into(t, &list)
		for _, p := range list.Data {
			if rules[p.Start:p.End] != p.Text {
				t.Errorf("bytes %d to %d are not %q", p.Start, p.End, p.Text)
			}
			found = append(found, chat.Source{File: p.File})
		}
		return found
	}
	sees := func(who string, c credential, want int) {
		t.Helper()
		if got := search(c); len(got) != want {
			t.Errorf("%s finds %v, want %d", who, got, want)
		}
		a := h.call(t, c, "GET", path, nil)
		if ok := a.status == http.StatusOK; ok != (want > 0) {
			t.Errorf("%s gets %d for the vector store", who, a.status)
		}
	}
	sees("its owner", alice, 1)
	sees("a colleague", bob, 0)
	sees("another tenant", eve, 0)
	grant := func(grants string) {
		t.Helper()
		h.must(t, http.StatusOK, alice, "POST", path, `{"grants": [`+grants+`]}`)
	}
	everyone := `{"kind": "everyone", "access": "read"}`
	grant(everyone)
	sees("a colleague of everyone's", bob, 1)
	sees("another tenant still", eve, 0)
	grant(everyone + fmt.Sprintf(`, {"kind": "user", "subject": %q, "access": "deny"}`, h.ids["member"].User))
	sees("a colleague who is denied", bob, 0)
	grant(fmt.Sprintf(`{"kind": "user", "subject": %q, "access": "write"}`, h.ids["member"].User))
	sees("a colleague by name", bob, 1)

	ask := func(question string) string {
		return string(h.must(t, http.StatusOK, bob, "POST", "/v1/chat.completions",
			`{"messages": [{"role": "user", "content": "`+question+`"}], "retrieval": {"namespace": "`+made.ID+`"}}`).body)
	}
	if a := ask("Ships over eighty metres need a pilot?"); !strings.Contains(a, `\u003e Ships over eighty metres need a pilot. [S1]`) || !strings.Contains(a, `"quote":"Ships over eighty metres need a pilot."`) {
		t.Errorf("%s", a)
	}
	h.must(t, http.StatusNotFound, eve, "POST", "/v1/chat.completions", `{"messages": [{"role": "user", "content": "x"}], "retrieval": {"namespace": "`+made.ID+`"}}`)

	h.must(t, http.StatusForbidden, bob, "DELETE", path, nil)
	h.must(t, http.StatusOK, bob, "DELETE", path+"/files/"+file.ID, nil)
	if got := search(alice); len(got) != 0 {
		t.Errorf("found after it was taken out: %v", got)
	}
}

// Files are put into a base together or not at all, and what waits can be given up.
func TestFileBatches(t *testing.T) {
	t.Parallel()
	h := furnish(t)
	alice, bob := h.signIn(t, "owner@b.test"), h.signIn(t, "member@b.test")
	var store vectorStore
	h.must(t, http.StatusOK, alice, "POST", "/v1/vector_stores", `{"name": "Harbour"}`).into(t, &store)
	path := "/v1/vector_stores/" + store.ID + "/file_batches"
	var ids []string
	for i := range 3 {
		var file vectorStore
		h.upload(t, alice, fmt.Sprintf("note-%d.md", i), fmt.Sprintf("Berth %d is free.", i)).into(t, &file)
		ids = append(ids, file.ID)
	}
	h.must(t, http.StatusNotFound, alice, "POST", path, `{"file_ids": ["`+ids[0]+`", "file_none"]}`)
	var files knowledgeapi.Page[knowledgeapi.StoreFile]
	if h.must(t, http.StatusOK, alice, "GET", "/v1/vector_stores/"+store.ID+"/files", nil).into(t, &files); len(files.Data) != 0 {
		t.Errorf("half a batch was taken: %+v", files.Data)
	}
	for _, body := range []string{`{}`, `{"file_ids": ["` + ids[0] + `"], "files": [{"file_id": "` + ids[1] + `"}]}`, `{"files": [{"file_id": "` + ids[0] + `", "attributes": {"a": []}}]}`} {
		h.must(t, http.StatusBadRequest, alice, "POST", path, body)
	}
	var b knowledgeapi.Batch
	body := fmt.Sprintf(`{"files": [{"file_id": %q, "attributes": {"n": 1}}, {"file_id": %q}, {"file_id": %q}, {"file_id": %q}]}`, ids[0], ids[1], ids[2], ids[2])
	h.must(t, http.StatusOK, alice, "POST", path, body).into(t, &b)
	if b.Counts.Total != 3 || b.Store != store.ID || b.CreatedAt == 0 {
		t.Errorf("%+v", b)
	}
	h.must(t, http.StatusNotFound, alice, "GET", path+"/vsfb_none", nil)
	for _, call := range []string{"GET " + path + "/" + b.ID, "GET " + path + "/" + b.ID + "/files", "POST " + path + "/" + b.ID + "/cancel"} {
		method, at, _ := strings.Cut(call, " ")
		h.must(t, http.StatusNotFound, bob, method, at, nil)
	}
	// Whatever was read already when the rest is given up stays.
	h.must(t, http.StatusOK, alice, "POST", path+"/"+b.ID+"/cancel", nil).into(t, &b)
	for end := time.Now().Add(30 * time.Second); b.Status == "in_progress" && time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		h.must(t, http.StatusOK, alice, "GET", path+"/"+b.ID, nil).into(t, &b)
	}
	if b.Counts.Completed+b.Counts.Cancelled != 3 || (b.Status == "completed") != (b.Counts.Cancelled == 0) {
		t.Errorf("%+v", b)
	}
	h.must(t, http.StatusOK, alice, "GET", path+"/"+b.ID+"/files?filter=cancelled", nil).into(t, &files)
	if len(files.Data) != b.Counts.Cancelled {
		t.Errorf("%d files of %+v", len(files.Data), b.Counts)
	}
	if n := len(files.Data); n > 0 { // it can be added again
		h.must(t, http.StatusOK, alice, "POST", "/v1/vector_stores/"+store.ID+"/files", `{"file_id": "`+files.Data[0].ID+`"}`)
		if f := h.settled(t, alice, "/v1/vector_stores/"+store.ID+"/files/"+files.Data[0].ID); f.State != "ready" {
			t.Errorf("%+v", f)
		}
	}
}

// A question tells of each file why it was found, or why not.
func TestExplain(t *testing.T) {
	t.Parallel()
	h := furnish(t)
	alice, bob := h.signIn(t, "owner@b.test"), h.signIn(t, "member@b.test")
	var base vectorStore
	h.must(t, http.StatusOK, alice, "POST", "/v1/vector_stores", `{"name": "Harbour"}`).into(t, &base)
	path := "/v1/vector_stores/" + base.ID + "/files/"
	explain := func(content, query string) (e knowledgeapi.Explained, at string) {
		var file vectorStore
		name := fmt.Sprintf("file-%d.md", len(content))
		if strings.HasPrefix(content, "\xd0") {
			name = "old.xls"
		}
		h.upload(t, alice, name, content).into(t, &file)
		h.must(t, http.StatusOK, alice, "POST", "/v1/vector_stores/"+base.ID+"/files", `{"file_id": "`+file.ID+`"}`)
		h.settled(t, alice, path+file.ID)
		h.must(t, http.StatusOK, alice, "POST", path+file.ID+"/explain", query).into(t, &e)
		return e, path + file.ID
	}
	if e, _ := explain("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", `{"query": "who needs a pilot"}`); e.Verdict != knowledgeapi.NotReady || e.State != "failed" || e.Best != nil {
		t.Errorf("a file that cannot be read: %+v", e)
	}
	e, at := explain(rules, `{"query": "who needs a pilot"}`)
	if e.Verdict != knowledgeapi.Found || e.Words.Rank != 1 || e.Meaning.Rank != 1 || e.Both.Rank != 1 || e.Given != 5 || e.Best == nil || !strings.Contains(e.Best.Text, "pilot") || e.Best.ByWords <= 0 {
		t.Errorf("the file that answers: %+v", e)
	}
	if e, _ := explain("The canteen serves fish.", `{"query": "who needs a pilot", "top_k": 1}`); e.Verdict != knowledgeapi.OthersWere || e.Words.Rank != 0 || e.Both.Rank != 2 || e.Best == nil {
		t.Errorf("another file: %+v", e)
	}
	h.must(t, http.StatusNotFound, bob, "POST", at+"/explain", `{"query": "who needs a pilot"}`)
	h.must(t, http.StatusBadRequest, alice, "POST", at+"/explain", `{"query": " "}`)
}

// A filter of attributes counts before anything is ranked: what it lets pass is found, however much else fits better.
func TestSearchByAttributes(t *testing.T) {
	t.Parallel()
	h := furnish(t)
	alice := h.signIn(t, "owner@b.test")
	var made vectorStore
	h.must(t, http.StatusOK, alice, "POST", "/v1/vector_stores", `{"name": "Harbour"}`).into(t, &made)
	path := "/v1/vector_stores/" + made.ID
	var many strings.Builder
	for i := range 150 {
		fmt.Fprintf(&many, "## Berth %d\n\nThe pilot of berth %d is the pilot.\n\n", i, i)
	}
	for name, text := range map[string]string{"many": many.String(), "one": "Far below in a long text about fees and nights stands that somebody needs a pilot."} {
		var file vectorStore
		h.upload(t, alice, name+".md", text).into(t, &file)
		h.must(t, http.StatusOK, alice, "POST", path+"/files", fmt.Sprintf(`{"file_id": %q, "attributes": {"kind": %q, "year": 2020}}`, file.ID, name))
		if f := h.settled(t, alice, path+"/files/"+file.ID); f.State != "ready" {
			t.Fatalf("%+v", f.Error)
		}
		if name == "one" {
			h.must(t, http.StatusOK, alice, "POST", path+"/files/"+file.ID, `{"attributes": {"kind": "one", "year": 2026}}`)
		}
	}
	found := func(filters string) (texts []string) {
		var list struct {
			Data []struct {
				Attributes map[string]any
				Content    []struct{ Text string }
			}
		}
		h.must(t, http.StatusOK, alice, "POST", path+"/search", `{"query": "pilot", "filters": `+filters+`}`).into(t, &list)
		for _, r := range list.Data {
			texts = append(texts, fmt.Sprint(r.Attributes["kind"]))
		}
		return texts
	}
	for filters, want := range map[string]string{
		`{"type": "gt", "key": "year", "value": 2025}`:     "[one]",
		`{"type": "in", "key": "kind", "value": ["none"]}`: "[]",
		`{"type": "and", "filters": [{"type": "eq", "key": "kind", "value": "one"}, {"type": "lt", "key": "year", "value": 2025}]}`: "[]",
	} {
		if got := fmt.Sprint(found(filters)); got != want {
			t.Errorf("%s: %s, want %s", filters, got, want)
		}
	}
	if got := found(`{"type": "eq", "key": "kind", "value": "many"}`); len(got) != 10 || got[0] != "many" {
		t.Errorf("%v", got)
	}
	h.must(t, http.StatusBadRequest, alice, "POST", path+"/search", `{"query": "pilot", "filters": {"type": "like"}}`)
	h.must(t, http.StatusBadRequest, alice, "POST", path+"/search", `{"query": "pilot", "filters": []}`)
}
