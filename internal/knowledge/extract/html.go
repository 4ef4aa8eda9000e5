package extract

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

// readHTML reads a page's visible text. It goes by tags as they come and builds no tree, so that a page that is nested
// without end costs nothing.
func readHTML(_ string, data []byte) (Document, error) {
	text, err := decodeHTML(data)
	if err != nil {
		return Document{}, err
	}
	p := page{}
	tags := html.NewTokenizer(strings.NewReader(text))
	for {
		switch tags.Next() {
		case html.ErrorToken:
			if err := tags.Err(); !errors.Is(err, io.EOF) {
				return Document{}, refuse(Damaged, "the page cannot be read: %v", err)
			}
			return p.document(p.title.String()), nil
		case html.TextToken:
			p.text(string(tags.Text()))
		case html.StartTagToken, html.SelfClosingTagToken:
			p.start(tags.Token())
		case html.EndTagToken:
			name, _ := tags.TagName()
			p.close(atom.Lookup(name))
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

// decodeHTML goes by the page's own word for its encoding, unless its bytes say that this is wrong.
func decodeHTML(data []byte) (string, error) {
	enc, name, certain := charset.DetermineEncoding(data, "")
	if guessed := guess(data); guessed == nil || !certain && enc == charmap.Windows1252 || name == "utf-8" {
		enc = guessed
	}
	if enc == nil {
		enc = encoding.Nop
	}
	text, err := enc.NewDecoder().Bytes(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if err != nil {
		return "", refuse(Damaged, "the page cannot be decoded: %v", err)
	}
	return string(text), nil
}

type page struct {
	markup
	title   strings.Builder
	inTitle bool
	inCell  bool
	pre     int
	lists   int
	skipped atom.Atom // the element whose content is left out; 0 is none
	depth   int       // of elements of that name within it
}

// without are elements whose content nobody reads.
var without = map[atom.Atom]bool{atom.Script: true, atom.Style: true, atom.Template: true, atom.Noscript: true, atom.Svg: true,
	atom.Iframe: true, atom.Object: true, atom.Select: true}

// blocks are elements that begin and end a paragraph.
var blocks = map[atom.Atom]bool{atom.Address: true, atom.Article: true, atom.Aside: true, atom.Blockquote: true, atom.Body: true,
	atom.Caption: true, atom.Dd: true, atom.Details: true, atom.Div: true, atom.Dl: true, atom.Dt: true, atom.Fieldset: true,
	atom.Figcaption: true, atom.Figure: true, atom.Footer: true, atom.Form: true, atom.Head: true, atom.Header: true, atom.Hr: true,
	atom.Main: true, atom.Nav: true, atom.P: true, atom.Section: true, atom.Summary: true, atom.H1: true, atom.H2: true, atom.H3: true,
	atom.H4: true, atom.H5: true, atom.H6: true, atom.Li: true, atom.Pre: true, atom.Ul: true, atom.Ol: true}

var levels = map[atom.Atom]int{atom.H1: 1, atom.H2: 2, atom.H3: 3, atom.H4: 4, atom.H5: 5, atom.H6: 6}

// unseen finds styles that hide: instructions for a model are put there.
var unseen = regexp.MustCompile(`(?i)display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?:\.0*)?(?:\s|;|$)|(?:left|top|text-indent)\s*:\s*-\d{3,}`)

// empty elements have no end.
var empty = map[atom.Atom]bool{atom.Br: true, atom.Hr: true, atom.Img: true, atom.Input: true, atom.Meta: true, atom.Link: true,
	atom.Area: true, atom.Base: true, atom.Col: true, atom.Embed: true, atom.Source: true, atom.Track: true, atom.Wbr: true}

func hides(tag html.Token) bool {
	for _, a := range tag.Attr {
		switch strings.ToLower(a.Key) {
		case "hidden":
			return true
		case "style":
			return unseen.MatchString(a.Val)
		}
	}
	return false
}

func (p *page) start(tag html.Token) {
	name := tag.DataAtom
	if p.skipped != 0 {
		if name == p.skipped && tag.Type == html.StartTagToken {
			p.depth++
		}
		return
	}
	if !empty[name] && name != 0 && tag.Type == html.StartTagToken && (without[name] || hides(tag)) {
		p.skipped, p.depth = name, 1
		return
	}
	if blocks[name] {
		p.end()
	}
	switch name {
	case atom.Title:
		p.inTitle = tag.Type == html.StartTagToken
	case atom.Br:
		p.add("\n")
	case atom.Img:
		for _, a := range tag.Attr {
			if a.Key == "alt" {
				p.add(" " + a.Val + " ")
			}
		}
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		p.as(heading, levels[name])
	case atom.Ul, atom.Ol:
		p.lists++
	case atom.Li:
		p.as(item, max(p.lists-1, 0))
	case atom.Pre:
		p.pre++
		p.as(code, 0)
	case atom.Table:
		p.beginTable()
	case atom.Tr:
		p.endOpenCell()
		p.beginRow()
	case atom.Td, atom.Th:
		p.endOpenCell()
		p.inCell = true
	default:
	}
}

// endOpenCell ends a cell of the outer table whose end is left out, as it may be.
func (p *page) endOpenCell() {
	if p.inCell && p.tables == 1 {
		p.endCell()
		p.inCell = false
	}
}

func (p *page) close(name atom.Atom) {
	if p.skipped != 0 {
		if name == p.skipped {
			if p.depth--; p.depth == 0 {
				p.skipped = 0
			}
		}
		return
	}
	switch name {
	case atom.Title:
		p.inTitle = false
	case atom.Ul, atom.Ol:
		p.lists = max(p.lists-1, 0)
	case atom.Pre:
		p.pre = max(p.pre-1, 0)
	case atom.Td, atom.Th, atom.Tr:
		p.endOpenCell()
	case atom.Table:
		p.endOpenCell()
		if p.tables > 0 {
			p.endTable()
		}
	default:
	}
	if blocks[name] {
		p.end()
	}
}

func (p *page) text(text string) {
	switch {
	case p.skipped != 0:
	case p.inTitle:
		p.title.WriteString(html.UnescapeString(text))
	case p.pre > 0:
		p.add(html.UnescapeString(text))
	default:
		// In a page the end of a line is a space.
		p.add(strings.Map(func(r rune) rune {
			if r == '\n' || r == '\r' {
				return ' '
			}
			return r
		}, html.UnescapeString(text)))
	}
}
