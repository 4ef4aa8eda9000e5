package orchestrator

import (
	"context"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.uber.org/zap"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/serving"
	"github.com/parley-chat/parley/internal/usage"
)

const (
	titleRunes  = 60
	titleTokens = 24
	titleTime   = 30 * time.Second
	// titleExcerpt is how much of the question and of the answer the model reads to name them.
	titleExcerpt = 600
)

// title names a new conversation: by its first question's first words, and then, if the answer went well
// and the title is usable, by the model. Small models often answer the question again instead.
func (t *Turns) title(r Request, begun conversation.Begun, l *live, well bool) {
	ctx, cancel := context.WithTimeout(t.life, titleTime)
	defer cancel()
	question := firstQuestion(begun.Path)
	name := headline(question)
	save := func(name string) {
		if err := t.store.SetTitle(ctx, r.Scope, begun.Conversation.ID, name); err != nil {
			t.log.Warn("title not saved", zap.String("conversation", begun.Conversation.ID), zap.Error(err))
		}
	}
	save(name)
	if !well || begun.Conversation.Temporary { // a temporary one is in no list to be found by its title
		return
	}
	prompt := "Question: " + clip(question, titleExcerpt) + "\n\nAnswer: " + clip(l.said(), titleExcerpt) +
		"\n\nName the topic of this exchange in two to six words. Reply with the name only."
	var text strings.Builder
	zero := 0.0
	// It is no turn of anybody's, so that its tokens are counted under a trace of their own.
	trace := chat.NewID("req")
	_, err := t.o.Answer(ctx, Ask{
		Scope: r.Scope, Trace: trace, Surface: usage.SurfaceTitle, Model: r.Model, Class: serving.Background, Conversation: begun.Conversation.ID,
		Messages: []chat.Message{{Role: chat.User, Text: prompt}},
		Params:   chat.Params{MaxTokens: titleTokens, Temperature: &zero, Stop: []string{"\n"}},
	}, Sink{Piece: func(_ int, p serving.Piece) error { text.WriteString(p.Text); return nil }})
	if err != nil {
		t.log.Debug("no title from the model", zap.String("request_id", trace), zap.String("turn", r.Trace), zap.Error(err))
		return
	}
	if better, ok := usableTitle(text.String(), question); ok && better != name {
		save(better)
	}
}

func firstQuestion(path []conversation.Message) string {
	for _, m := range path {
		if m.Role == chat.User {
			return m.Text
		}
	}
	return ""
}

// usableTitle cleans what a model gave as a title and tells whether it is one: short, and about the
// question, sharing a word of four letters or more with it.
func usableTitle(text, question string) (string, bool) {
	text = strings.Join(strings.Fields(text), " ")
	for _, lead := range []string{"Title:", "Topic:", "Name:"} {
		text = strings.TrimSpace(strings.TrimPrefix(text, lead))
	}
	text = strings.TrimRight(strings.Trim(text, "\"'`*#“”„«» "), ".:;,")
	n := utf8.RuneCountInString(text)
	if n < 3 || n > titleRunes || len(strings.Fields(text)) > 8 || strings.ContainsAny(text, "?!{}<>|") {
		return "", false
	}
	known := map[string]bool{}
	for _, w := range words(question) {
		known[w] = true
	}
	for _, w := range words(text) {
		if utf8.RuneCountInString(w) >= 4 && known[w] {
			return text, true
		}
	}
	return "", false
}

func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// headline is the beginning of a question, cut between words.
func headline(question string) string {
	line := strings.Join(strings.Fields(question), " ")
	if utf8.RuneCountInString(line) <= titleRunes {
		return line
	}
	cut := clip(line, titleRunes-1)
	if i := strings.LastIndexByte(cut, ' '); i > titleRunes/2 {
		cut = cut[:i]
	}
	return cut + "…"
}

func clip(s string, runes int) string {
	for i := range s {
		if runes == 0 {
			return s[:i]
		}
		runes--
	}
	return s
}
