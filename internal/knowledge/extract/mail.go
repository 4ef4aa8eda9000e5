package extract

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // letters come in every encoding
)

// maxLetters is how deep letters within letters are read.
const maxLetters = 10

// readMail reads a letter: who, when and what about, its text, and the letters and texts that are attached.
func readMail(_ string, data []byte) (Document, error) {
	l := letter{}
	if err := l.read(bytes.NewReader(data), 0); err != nil {
		return Document{}, err
	}
	return Document{Title: l.title, Text: clean(strings.TrimSpace(l.out.String()))}, nil
}

type letter struct {
	out   strings.Builder
	title string
}

func (l *letter) read(r io.Reader, depth int) error {
	if depth > maxLetters {
		return refuse(Damaged, "the mail has more than %d mails within each other", maxLetters)
	}
	e, err := message.Read(r)
	if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return refuse(Damaged, "this is no mail, or it is damaged: %v", err)
	}
	if e.Header.Len() == 0 {
		return refuse(Damaged, "this is no mail: it has no header")
	}
	subject := header(e, "Subject")
	if depth == 0 {
		l.title = subject
	}
	if subject != "" {
		l.out.WriteString(strings.Repeat("#", min(depth+1, 6)) + " " + subject + "\n\n")
	}
	for _, name := range []string{"From", "To", "Cc", "Date"} {
		if value := header(e, name); value != "" {
			fmt.Fprintf(&l.out, "- %s: %s\n", name, value)
		}
	}
	l.out.WriteString("\n")
	return l.part(e, depth)
}

func header(e *message.Entity, name string) string {
	text, err := e.Header.Text(name)
	if err != nil {
		text = e.Header.Get(name)
	}
	return strings.Join(strings.Fields(text), " ")
}

func (l *letter) part(e *message.Entity, depth int) error {
	kind, params, err := e.Header.ContentType()
	if err != nil {
		kind = "text/plain"
	}
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		return l.parts(e, kind, depth)
	case kind == "message/rfc822":
		return l.read(e.Body, depth+1)
	}
	disposition, more, _ := mime.ParseMediaType(e.Header.Get("Content-Disposition"))
	name := more["filename"]
	if name == "" {
		name = params["name"]
	}
	if !strings.HasPrefix(kind, "text/") {
		if name != "" {
			fmt.Fprintf(&l.out, "\nAttachment: %s\n", name)
		}
		return nil
	}
	body, err := io.ReadAll(io.LimitReader(e.Body, maxText+1))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) { // a letter without its end is read as far as it goes
		return refuse(Damaged, "the mail is damaged: %v", err)
	}
	read := readPlain
	if kind == "text/html" {
		read = readHTML
	}
	doc, err := read(name, body)
	if err != nil {
		return err
	}
	if disposition == "attachment" && name != "" {
		fmt.Fprintf(&l.out, "\n## %s\n\n", name)
	}
	l.out.WriteString(doc.Text + "\n\n")
	return nil
}

// parts reads those of a letter. Of alternatives, the plain one is read where there is one.
func (l *letter) parts(e *message.Entity, kind string, depth int) error {
	mr := e.MultipartReader()
	if mr == nil {
		return nil
	}
	defer mr.Close() //nolint:errcheck // nothing was written
	plain := false
	for {
		part, err := mr.NextPart()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || err != nil && strings.Contains(err.Error(), "EOF") {
			return nil
		}
		if err != nil && (part == nil || !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err)) {
			return refuse(Damaged, "the mail is damaged: %v", err)
		}
		of, _, _ := part.Header.ContentType() //nolint:errcheck // part reads what is left
		if kind == "multipart/alternative" && of == "text/html" && plain {
			continue
		}
		plain = plain || of == "text/plain"
		if err := l.part(part, depth); err != nil {
			return err
		}
	}
}
