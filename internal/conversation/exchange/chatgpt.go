package exchange

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/parley-chat/parley/internal/chat"
)

// gptMessage is a message of a ChatGPT export, as far as it is read.
type gptMessage struct {
	Author struct {
		Role word `json:"role"`
	} `json:"author"`
	CreateTime moment `json:"create_time"`
	Status     word   `json:"status"`
	Recipient  word   `json:"recipient"` // "all", or the tool that the message is for
	Channel    word   `json:"channel"`
	Content    struct {
		Type     word              `json:"content_type"`
		Parts    []json.RawMessage `json:"parts"`
		Text     word              `json:"text"`
		Language word              `json:"language"`
	} `json:"content"`
	Metadata struct {
		Hide   flag      `json:"is_visually_hidden_from_conversation"`
		Model  word      `json:"model_slug"`
		Finish gptFinish `json:"finish_details"`
		Files  gptFiles  `json:"attachments"`
	} `json:"metadata"`
}

type gptFinish struct {
	Type word `json:"type"`
}

// UnmarshalJSON never fails.
func (f *gptFinish) UnmarshalJSON(b []byte) error {
	type plain gptFinish
	_ = json.Unmarshal(b, (*plain)(f)) // what cannot be read says nothing
	return nil
}

type gptFiles []struct {
	Name word `json:"name"`
	Kind word `json:"mime_type"`
}

// UnmarshalJSON never fails.
func (f *gptFiles) UnmarshalJSON(b []byte) error {
	type plain gptFiles
	_ = json.Unmarshal(b, (*plain)(f)) // what cannot be read says nothing
	return nil
}

// readChatGPT reads an entry of ChatGPT's conversations.json. Questions and answers are kept; what was
// never shown (instructions, thoughts, calls of tools and their results) is not.
func readChatGPT(raw json.RawMessage, d *Document) (*source, error) {
	var in struct {
		CreateTime moment `json:"create_time"`
		UpdateTime moment `json:"update_time"`
		Archived   flag   `json:"is_archived"`
		Model      word   `json:"default_model_slug"`
		Current    word   `json:"current_node"`
		Mapping    map[string]struct {
			Parent   word            `json:"parent"`
			Children []word          `json:"children"`
			Message  json.RawMessage `json:"message"`
		} `json:"mapping"`
	}
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, err
	}
	d.Archived, d.CreatedAt, d.UpdatedAt = bool(in.Archived), in.CreateTime.Time, in.UpdateTime.Time
	ids := make([]string, 0, len(in.Mapping))
	for id := range in.Mapping {
		ids = append(ids, id)
	}
	slices.Sort(ids) // so that one file is always read alike
	s := newSource(len(ids))
	s.leaf = string(in.Current)
	for _, id := range ids {
		n := node{parent: string(in.Mapping[id].Parent)}
		var m gptMessage
		if begins(in.Mapping[id].Message, '{') && json.Unmarshal(in.Mapping[id].Message, &m) == nil {
			n.Message, n.kept = m.read(in.Model)
		}
		s.add(id, n)
	}
	for _, id := range ids {
		for i, child := range in.Mapping[id].Children {
			s.rank(string(child), id, i)
		}
	}
	return s, nil
}

// read gives a message our form, and tells whether it is to be kept.
func (m *gptMessage) read(model word) (Message, bool) {
	out := Message{CreatedAt: m.CreateTime.Time}
	if m.Metadata.Hide || m.Recipient != "" && m.Recipient != "all" || m.Channel == "analysis" {
		return out, false
	}
	switch {
	case m.Author.Role == "user":
		out.Role, out.Text = chat.User, m.text()
	case m.Author.Role == "assistant":
		out.Role, out.Text = chat.Assistant, m.text()
	case m.Author.Role == "tool" && m.Content.Type == "multimodal_text":
		// A tool that paints: the picture was shown as a part of the answer.
		out.Role, out.Text = chat.Assistant, m.parts(false)
	}
	if out.Role == chat.Assistant {
		if m.Metadata.Model != "" {
			model = m.Metadata.Model
		}
		out.Model, out.Status, out.Finish = model.model(), "complete", chat.FinishStop
		switch {
		case m.Metadata.Finish.Type == "max_tokens":
			out.Finish = chat.FinishLength
		case m.Metadata.Finish.Type == "interrupted" || m.Status == "in_progress":
			out.Status = "partial"
		}
	}
	return out, strings.TrimSpace(out.Text) != ""
}

// marks are ChatGPT's references to sources, which mean nothing outside of it.
var marks = regexp.MustCompile("\uE200[^\uE201]*\uE201")

func (m *gptMessage) text() string {
	switch m.Content.Type {
	case "text", "multimodal_text", "":
		return m.parts(true)
	case "code":
		return fenced(string(m.Content.Language), clean(string(m.Content.Text)))
	}
	return "" // thoughts, contexts, results of tools
}

// parts joins the parts of a content. In the place of what is no text stands a word for it; words only,
// when said is false.
func (m *gptMessage) parts(said bool) string {
	var all []string
	for _, raw := range m.Content.Parts {
		if begins(raw, '"') {
			var s word
			_ = s.UnmarshalJSON(raw) // never fails
			if text := clean(marks.ReplaceAllString(string(s), "")); said && strings.TrimSpace(text) != "" {
				all = append(all, text)
			}
			continue
		}
		var part struct {
			Type word `json:"content_type"`
			Text word `json:"text"`
		}
		if json.Unmarshal(raw, &part) != nil {
			continue
		}
		switch kind := string(part.Type); {
		case strings.TrimSpace(string(part.Text)) != "": // a transcript
			if said {
				all = append(all, clean(string(part.Text)))
			}
		case strings.Contains(kind, "image"):
			all = append(all, "[image]")
		case strings.Contains(kind, "audio"):
			all = append(all, "[audio]")
		case strings.Contains(kind, "video"):
			all = append(all, "[video]")
		}
	}
	for _, f := range m.Metadata.Files {
		if name := strings.Join(strings.Fields(clean(string(f.Name))), " "); said && name != "" && !strings.HasPrefix(string(f.Kind), "image/") {
			all = append(all, "[file: "+name+"]")
		}
	}
	return strings.Join(all, "\n\n")
}
