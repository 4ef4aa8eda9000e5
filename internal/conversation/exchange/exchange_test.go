package exchange

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/parley-chat/parley/internal/chat"
)

var limits = Limits{Messages: 20_000, TextBytes: 1 << 20, TitleRunes: 200, Now: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)}

// show writes a tree with its depth as indentation, marks the leaf and tells models.
func show(d Document) string {
	var b strings.Builder
	depth := make([]int, len(d.Messages))
	for i, m := range d.Messages {
		if m.Parent >= 0 {
			depth[i] = depth[m.Parent] + 1
		}
		mark := ""
		if i == d.Leaf {
			mark = " <-"
		}
		if m.Model != "" {
			mark = " (" + m.Model + ")" + mark
		}
		fmt.Fprintf(&b, "%s%s: %q%s\n", strings.Repeat(" ", depth[i]), m.Role, m.Text, mark)
	}
	return b.String()
}

func check(t *testing.T, raw, want string) Document {
	t.Helper()
	d, err := Read(json.RawMessage(raw), limits)
	if err != nil {
		t.Fatalf("%v in %.300s", err, raw)
	}
	if got, want := strings.TrimSpace(show(d)), strings.TrimSpace(strings.ReplaceAll(want, "\t", "")); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	return d
}

// say is a node of a ChatGPT export with a plain message; extra are further fields of the message.
func say(id, parent, role, text string, at float64, extra string) string {
	body, _ := json.Marshal(text)
	return fmt.Sprintf(`%q: {"id": %q, "parent": %q, "children": [], "message": {"id": %q, "author": {"role": %q, "name": null, "metadata": {}},
		"create_time": %f, "update_time": null, "content": {"content_type": "text", "parts": [%s]}, "status": "finished_successfully",
		"end_turn": true, "weight": 1.0, "recipient": "all"%s}}`, id, id, parent, id, role, at, body, extra)
}

func gpt(head string, nodes ...string) string {
	return `{"title": "Baking", "create_time": 1700000000.5, "update_time": 1700000900.25` + head + `, "mapping": {` + strings.Join(nodes, ",\n") + `}}`
}

const model = `, "metadata": {"model_slug": "gpt-4o", "finish_details": {"type": "stop"}}`

// A whole entry as ChatGPT writes it: an empty root, hidden instructions, a question that was edited, an
// answer that was tried twice.
func TestChatGPTWithBranches(t *testing.T) {
	t.Parallel()
	d := check(t, gpt(`, "current_node": "a3", "is_archived": true, "conversation_id": "x", "moderation_results": [], "plugin_ids": null`,
		`"root": {"id": "root", "message": null, "parent": null, "children": ["sys"]}`,
		say("sys", "root", "system", "", 0, `, "metadata": {"is_visually_hidden_from_conversation": true}`),
		`"ctx": {"id": "ctx", "parent": "sys", "children": ["q1", "q2"], "message": {"id": "ctx", "author": {"role": "user"}, "content": {"content_type": "user_editable_context", "user_profile": "I bake", "user_instructions": "Be brief"}, "recipient": "all", "metadata": {"is_user_system_message": true}}}`,
		say("q1", "ctx", "user", "How long does bread bake?", 1700000001, ""),
		say("a1", "q1", "assistant", "Forty minutes.", 1700000002, model),
		say("q2", "ctx", "user", "How long does rye bread bake?", 1700000010, ""),
		say("a2", "q2", "assistant", "An hour.", 1700000011, model),
		say("a3", "q2", "assistant", "About an hour, at 220 degrees.", 1700000012, model),
		say("q3", "a2", "user", "Thanks", 1700000020, ""),
	), `
		user: "How long does bread bake?"
		 assistant: "Forty minutes." (gpt-4o)
		user: "How long does rye bread bake?"
		 assistant: "An hour." (gpt-4o)
		  user: "Thanks"
		 assistant: "About an hour, at 220 degrees." (gpt-4o) <-`)
	if d.Title != "Baking" || !d.Archived || d.CreatedAt.UnixMilli() != 1700000000500 || d.UpdatedAt.UnixMilli() != 1700000900250 {
		t.Errorf("%+v", d)
	}
	if m := d.Messages[1]; m.CreatedAt.Unix() != 1700000002 || m.Status != "complete" || m.Finish != chat.FinishStop {
		t.Errorf("%+v", m)
	}
}

// Calls of tools and their results are left out, and the parts of an answer around them become one.
func TestChatGPTWithTools(t *testing.T) {
	t.Parallel()
	nodes := []string{
		say("q", "", "user", "Draw and compute", 1, ""),
		say("a1", "q", "assistant", "Let me see.", 2, model),
		`"think": {"parent": "a1", "message": {"author": {"role": "assistant"}, "content": {"content_type": "thoughts", "thoughts": [{"summary": "s", "content": "c"}]}, "recipient": "all"}}`,
		`"call": {"parent": "think", "message": {"author": {"role": "assistant"}, "content": {"content_type": "code", "language": "python", "text": "1+1"}, "recipient": "python"}}`,
		`"result": {"parent": "call", "message": {"author": {"role": "tool", "name": "python"}, "content": {"content_type": "execution_output", "text": "2"}, "recipient": "all"}}`,
		`"paint": {"parent": "result", "message": {"author": {"role": "tool", "name": "dalle.text2im"}, "create_time": 3, "content": {"content_type": "multimodal_text", "parts": [{"content_type": "image_asset_pointer", "asset_pointer": "file-service://x", "width": 1024}, "the prompt"]}, "recipient": "all"}}`,
		say("b1", "paint", "assistant", "It is 2.\ue200cite\ue202turn0search1\ue201", 4, model),
		say("b2", "paint", "assistant", "Two.", 5, model),
		say("next", "b1", "user", "Thanks", 6, ""),
		`"code": {"parent": "next", "message": {"author": {"role": "assistant"}, "create_time": 7, "content": {"content_type": "code", "language": "python", "text": "print(2)"}, "recipient": "all", "metadata": {"model_slug": 5, "attachments": 3, "finish_details": "x"}}}`,
	}
	check(t, gpt(`, "current_node": "code", "default_model_slug": "gpt-4"`, nodes...), `
		user: "Draw and compute"
		 assistant: "Let me see.\n\n[image]\n\nIt is 2." (gpt-4o)
		  user: "Thanks"
		   assistant: "`+"```"+`python\nprint(2)\n`+"```"+`" (gpt-4) <-
		 assistant: "Let me see.\n\n[image]\n\nTwo." (gpt-4o)`)
	// The first part has a question of its own below it, and so stands alone as well; it comes
	// after the others, by its time.
	check(t, gpt(`, "current_node": "result"`, append(nodes, say("aside", "a1", "user", "Wait", 9, ""))...), `
		user: "Draw and compute"
		 assistant: "Let me see." (gpt-4o) <-
		 assistant: "Let me see.\n\n[image]\n\nIt is 2." (gpt-4o)
		  user: "Thanks"
		   assistant: "`+"```"+`python\nprint(2)\n`+"```"+`"
		 assistant: "Let me see.\n\n[image]\n\nTwo." (gpt-4o)
		  user: "Wait"`)
}

func TestChatGPTParts(t *testing.T) {
	t.Parallel()
	node := func(id, parent, role, content, extra string) string {
		return fmt.Sprintf(`%q: {"parent": %q, "message": {"author": {"role": %q}, "content": {"content_type": "multimodal_text", "parts": [%s]}%s}}`, id, parent, role, content, extra)
	}
	d := check(t, gpt("",
		node("q", "none", "user", `{"content_type": "image_asset_pointer"}, "What is\u0000 this?", null, 5, []`,
			`, "metadata": {"attachments": [{"name": "photo.jpg", "mime_type": "image/jpeg"}, {"name": " the\nreport.pdf", "mime_type": "application/pdf"}]}`),
		node("a", "q", "assistant", `{"content_type": "audio_transcription", "text": "A cat."}, {"content_type": "audio_asset_pointer"}, {"content_type": "video_container_asset_pointer"}`,
			`, "status": "in_progress"`),
		say("end", "a", "user", "more", -5, ""),
		say("cut", "end", "assistant", "cut off at", 99999999999, `, "metadata": {"finish_details": {"type": "max_tokens"}, "model_slug": "a\u0000b"}`),
	), `
		user: "[image]\n\nWhat is this?\n\n[file: the report.pdf]"
		 assistant: "A cat.\n\n[audio]\n\n[video]"
		  user: "more"
		   assistant: "cut off at" <-`)
	if d.Messages[1].Status != "partial" || d.Messages[3].Finish != chat.FinishLength {
		t.Errorf("%+v", d.Messages)
	}
	for _, m := range d.Messages { // none of their times is one, so they have the conversation's
		if !m.CreatedAt.Equal(d.CreatedAt) {
			t.Errorf("%q is of %s", m.Text, m.CreatedAt)
		}
	}
}

// Without a leaf that is there, the newest message is the chosen one; children are in the order of the file
// where times do not tell it.
func TestChatGPTWithoutCurrentNode(t *testing.T) {
	t.Parallel()
	nodes := []string{
		`"r": {"parent": null, "children": ["z", "y", "x"], "message": {"author": {"role": "user"}, "content": {"parts": ["q"]}}}`,
		`"x": {"parent": "r", "message": {"author": {"role": "assistant"}, "content": {"parts": ["third"]}}}`,
		`"y": {"parent": "r", "message": {"author": {"role": "assistant"}, "content": {"parts": ["second"]}}}`,
		`"z": {"parent": "r", "message": {"author": {"role": "assistant"}, "content": {"parts": ["first"]}}}`,
	}
	const want = `
		user: "q"
		 assistant: "first"
		 assistant: "second"
		 assistant: "third" <-`
	check(t, gpt("", nodes...), want)
	check(t, gpt(`, "current_node": "nowhere"`, nodes...), want)
	check(t, gpt(`, "current_node": 7`, nodes...), want)
}

func TestParleyRoundTripAndRepair(t *testing.T) {
	t.Parallel()
	d := check(t, `{"id": "conv_1", "title": " Tea\n time ", "status": "archived", "pinned": true, "leaf_id": "m3", "retention_policy": "days:1",
		"created_at": "2026-01-02T03:04:05.678Z", "updated_at": "2026-01-03T00:00:00Z", "messages": [
		{"id": "m0", "parent_id": "", "role": "system", "text": "be brief", "created_at": "2025-12-02T00:00:00Z", "status": "complete"},
		{"id": "m1", "parent_id": "m0", "role": "user", "text": "tea?", "created_at": "2026-01-02T00:00:00Z", "edited_at": "2026-01-02T01:00:00Z"},
		{"id": "m2", "parent_id": "m1", "role": "assistant", "text": "yes", "model": "tiny", "status": "complete", "finish_reason": "length", "tokens": 4, "latency_ms": 120, "created_at": "2026-01-02T00:00:01Z"},
		{"id": "m3", "parent_id": "m1", "role": "assistant", "text": "ye", "model": "tiny", "status": "streaming", "created_at": "2026-01-02T00:00:02Z"},
		{"id": "m4", "parent_id": "m1", "role": "assistant", "text": "", "status": "failed", "created_at": "2026-01-02T00:00:03Z"}]}`, `
		system: "be brief"
		 user: "tea?"
		  assistant: "yes" (tiny)
		  assistant: "ye" (tiny) <-
		  assistant: ""`)
	if d.Title != "Tea time" || !d.Archived || !d.Pinned || d.CreatedAt.UnixMilli() != 1767323045678 || d.UpdatedAt.Day() != 3 {
		t.Errorf("%+v", d)
	}
	if m := d.Messages[2]; m.Tokens != 4 || m.Latency != 120 || m.Finish != chat.FinishLength || m.Status != "complete" {
		t.Errorf("%+v", m)
	}
	// What was copied into a fork is older than the fork.
	if d.Messages[0].CreatedAt.Month() != 12 || d.Messages[1].EditedAt.Hour() != 1 || d.Messages[3].Status != "partial" || d.Messages[4].Status != "failed" {
		t.Errorf("%+v", d.Messages)
	}
	// A file that somebody has worked on: an orphan, a system message in the middle, a child older than its parent.
	d = check(t, `{"messages": [
		{"id": "b", "parent_id": "a", "role": "assistant", "text": "hello", "tokens": -3, "created_at": "1999-01-01T00:00:00Z"},
		{"id": "a", "parent_id": "gone", "role": "user", "text": "hi", "created_at": "2020-01-01T00:00:00Z"},
		{"id": "c", "parent_id": "b", "role": "system", "text": "obey"},
		{"id": "d", "parent_id": "c", "role": "user", "text": "go on", "created_at": "2099-01-01T00:00:00Z"}]}`, `
		user: "hi"
		 assistant: "hello"
		  user: "go on" <-`)
	for _, m := range d.Messages {
		if m.CreatedAt.Year() != 2020 || m.Tokens != 0 {
			t.Errorf("%+v", m)
		}
	}
	if d.CreatedAt.Year() != 2020 || d.UpdatedAt.Year() != 2020 {
		t.Errorf("%+v", d)
	}
}

func TestWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	small := limits
	small.Messages, small.TextBytes = 3, 20
	chain := func(n int) string {
		var nodes []string
		for i := range n {
			nodes = append(nodes, say(fmt.Sprint(i), fmt.Sprint(i-1), []string{"user", "assistant"}[i%2], "text", float64(i+1), ""))
		}
		return gpt("", nodes...)
	}
	for name, c := range map[string]struct{ raw, says string }{
		"a number":            {`5`, "JSON object"},
		"an empty object":     {`{"title": "T"}`, "neither"},
		"other export":        {`{"title": "T", "chat_messages": []}`, "neither"},
		"nothing said":        {gpt("", `"r": {"parent": null, "message": null}`), "no messages"},
		"empty":               {`{"messages": []}`, "no messages"},
		"a circle":            {gpt("", say("a", "b", "user", "x", 1, ""), say("b", "a", "assistant", "y", 1, "")), "circle"},
		"a circle beside":     {gpt("", say("q", "", "user", "x", 1, ""), say("b", "b", "assistant", "y", 1, "")), "circle"},
		"too many":            {chain(4), "more messages"},
		"too long":            {gpt("", say("q", "", "user", strings.Repeat("x", 21), 1, "")), "21 bytes"},
		"mapping is odd":      {`{"title": "T", "mapping": {"a": 5}}`, "form"},
		"role is odd":         {`{"messages": [{"id": "a", "role": "wizard", "text": "x"}]}`, "wizard"},
		"twice the same id":   {`{"messages": [{"id": "a", "role": "user", "text": "x"}, {"id": "a", "role": "user", "text": "x"}]}`, "message 1"},
		"no id":               {`{"messages": [{"role": "user", "text": "x"}]}`, "message 0"},
		"messages of numbers": {`{"messages": [1, 2]}`, "form"},
	} {
		d, err := Read(json.RawMessage(c.raw), small)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
		if strings.Contains(c.raw, `"title": "T"`) && d.Title != "T" {
			t.Errorf("%s: the title is lost: %+v", name, d)
		}
	}
	if _, err := Read(json.RawMessage(chain(3)), small); err != nil {
		t.Error(err)
	}
}

// Ten thousand nodes in one line, as many siblings, and branches that would repeat their text without end.
func TestLargeTrees(t *testing.T) {
	t.Parallel()
	build := func(n int, parent func(i int) int, role func(i int) string) string {
		nodes := make([]string, n)
		for i := range n {
			nodes[i] = say(fmt.Sprint("n", i), fmt.Sprint("n", parent(i)), role(i), "some text", float64(1_600_000_000+i), "")
		}
		return gpt(fmt.Sprintf(`, "current_node": "n%d"`, n-1), nodes...)
	}
	before := func(i int) int { return i - 1 }
	turns := func(i int) string { return []string{"user", "assistant"}[i%2] }
	n := 10_000
	line, err := Read(json.RawMessage(build(n, before, turns)), limits)
	if err != nil || len(line.Messages) != n || line.Leaf != n-1 || line.Messages[n-1].Parent != n-2 {
		t.Fatalf("a line: %d messages, %v", len(line.Messages), err)
	}
	n = 2_000
	star, err := Read(json.RawMessage(build(n, func(int) int { return 0 }, func(i int) string { return turns(min(i, 1)) })), limits)
	if err == nil {
		t.Fatalf("n0 is its own parent, and yet it was read: %d messages", len(star.Messages))
	}
	star, err = Read(json.RawMessage(build(n, func(i int) int { return min(i, 1) - 1 }, func(i int) string { return turns(min(i, 1)) })), limits)
	if err != nil || len(star.Messages) != n || star.Messages[n-1].Parent != 0 {
		t.Fatalf("siblings: %d messages, %v", len(star.Messages), err)
	}
	one, err := Read(json.RawMessage(build(n, before, func(int) string { return "assistant" })), limits)
	if err != nil || len(one.Messages) != 1 || len(one.Messages[0].Text) != n*len("some text")+(n-1)*2 {
		t.Fatalf("one answer in pieces: %d messages, %v", len(one.Messages), err)
	}
	// Each second node is a question below a piece of one answer, so that each piece stands alone as well.
	_, err = Read(json.RawMessage(build(n, func(i int) int { return max(i-1-i%2, -1) }, func(i int) string { return turns(1 - i%2) })), limits)
	if err == nil || !strings.Contains(err.Error(), "repeat") {
		t.Errorf("branches that repeat text: %v", err)
	}
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	when := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var out strings.Builder
	err := Markdown(&out, "Tea", []Line{
		{Who: "Ada", When: when, Text: "How?\n"},
		{Who: "tiny", When: when, Note: "partial", Text: "So:\n````go\nfunc main() {\n```\n"},
		{Who: "Ada", When: when, Text: "ok"},
	})
	const want = "# Tea\n\n**Ada** · 2026-01-02 03:04 UTC\n\nHow?\n\n---\n\n**tiny** · 2026-01-02 03:04 UTC · partial\n\n" +
		"So:\n````go\nfunc main() {\n```\n````\n\n---\n\n**Ada** · 2026-01-02 03:04 UTC\n\nok\n"
	if err != nil || out.String() != want {
		t.Errorf("%v, got:\n%s", err, out.String())
	}
	for text, open := range map[string]string{
		"plain": "", "```\nx\n```": "", "```\nx": "```", "~~~ js\n```\n": "~~~", "   ```\nx\n````": "", "    ```\nx": "",
		"```a`b\nx": "", "`` `x` ``": "", "```\n```js\n": "```",
	} {
		if got := openFence(text); got != open {
			t.Errorf("%q leaves %q open, want %q", text, got, open)
		}
	}
	if got := fenced("x y", "a\n```\nb\n"); got != "````\na\n```\nb\n````" {
		t.Errorf("fenced: %q", got)
	}
}

// Whatever the bytes, reading ends with a fault that says why or with a tree in which everything has its place.
func FuzzRead(f *testing.F) {
	f.Add([]byte(gpt(`, "current_node": "a"`, say("q", "", "user", "hi", 1, ""), say("a", "q", "assistant", "ho", 2, model), say("b", "a", "assistant", "hum", 3, ""))))
	f.Add([]byte(`{"title": "T", "leaf_id": "b", "messages": [{"id": "a", "role": "user", "text": "x"}, {"id": "b", "parent_id": "a", "role": "assistant", "text": "y", "status": "failed"}, {"id": "c", "parent_id": "b", "role": "tool", "text": "z"}]}`))
	f.Add([]byte(`{"mapping": {"a": {"parent": "b"}, "b": {"parent": "a"}, "": {"parent": ""}}}`))
	small := limits
	small.Messages, small.TextBytes, small.TitleRunes = 50, 1000, 10
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := Read(raw, small)
		if utf8.RuneCountInString(d.Title) > small.TitleRunes || strings.ContainsRune(d.Title, 0) {
			t.Errorf("title %q", d.Title)
		}
		if err != nil {
			return
		}
		if len(d.Messages) == 0 || len(d.Messages) > small.Messages || d.Leaf < 0 || d.Leaf >= len(d.Messages) {
			t.Fatalf("%d messages, leaf %d", len(d.Messages), d.Leaf)
		}
		if d.CreatedAt.UnixMilli() <= 0 || d.CreatedAt.After(small.Now) || d.UpdatedAt.Before(d.CreatedAt) || d.UpdatedAt.After(small.Now) {
			t.Errorf("from %s to %s", d.CreatedAt, d.UpdatedAt)
		}
		for i, m := range d.Messages {
			if m.Parent < -1 || m.Parent >= i {
				t.Fatalf("message %d stands below %d", i, m.Parent)
			}
			if !utf8.ValidString(m.Text+m.Model) || strings.ContainsRune(m.Text+m.Model, 0) || len(m.Text) > small.TextBytes || m.Tokens < 0 {
				t.Errorf("%+v", m)
			}
			above := chat.Speaker("")
			if m.Parent >= 0 {
				above = d.Messages[m.Parent].Role
				if m.CreatedAt.Before(d.Messages[m.Parent].CreatedAt) {
					t.Errorf("message %d is older than what it answers", i)
				}
			}
			if m.CreatedAt.UnixMilli() <= 0 || m.CreatedAt.After(small.Now) {
				t.Errorf("message %d is of %s", i, m.CreatedAt)
			}
			if above == m.Role && (above == chat.User || above == chat.Assistant) {
				t.Errorf("message %d follows one of the same speaker", i)
			}
		}
	})
}
