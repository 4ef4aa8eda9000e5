package extract

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wlynxg/chardet"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	textunicode "golang.org/x/text/encoding/unicode"
)

// readPlain reads text as it stands.
func readPlain(_ string, data []byte) (Document, error) {
	text, err := decode(data)
	return Document{Text: text}, err
}

// readMarkdown takes the title from the first heading.
func readMarkdown(_ string, data []byte) (Document, error) {
	text, err := decode(data)
	doc := Document{Text: text}
	for line := range strings.Lines(text) {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			doc.Title = strings.TrimSpace(title)
			break
		}
	}
	return doc, err
}

// readUnknown reads what has no known name as text, if it is some: source code, settings, transcripts.
func readUnknown(_ string, data []byte) (Document, error) {
	text, err := decode(data)
	if err != nil {
		return Document{}, err
	}
	if looksLikeHTML(text) {
		return readHTML("", data)
	}
	return Document{Text: text}, nil
}

func looksLikeHTML(text string) bool {
	head := strings.ToLower(strings.TrimSpace(text[:min(len(text), 200)]))
	return strings.HasPrefix(head, "<!doctype html") || strings.HasPrefix(head, "<html")
}

// readNotebook reads the cells of a Jupyter notebook.
func readNotebook(_ string, data []byte) (Document, error) {
	var book struct {
		Cells []struct {
			Type   string          `json:"cell_type"`
			Source json.RawMessage `json:"source"`
		} `json:"cells"`
	}
	if err := json.Unmarshal(data, &book); err != nil {
		return Document{}, refuse(Damaged, "this is no notebook: %v", err)
	}
	var out strings.Builder
	for _, cell := range book.Cells {
		var lines []string
		var source string
		if json.Unmarshal(cell.Source, &lines) == nil {
			source = strings.Join(lines, "")
		} else if json.Unmarshal(cell.Source, &source) != nil {
			continue
		}
		if cell.Type == "code" {
			source = "```\n" + source + "\n```"
		}
		out.WriteString(source + "\n\n")
	}
	text := clean(out.String())
	doc, err := readMarkdown("", []byte(text))
	return doc, err
}

// decode turns bytes of any encoding into UTF-8: by a mark at the beginning, as UTF-8 where they are valid, as UTF-16 where
// every other byte is mostly zero, and else by their frequencies. Bytes that are no text are refused.
func decode(data []byte) (string, error) {
	enc := guess(data)
	if enc == nil {
		text := string(data)
		if binary(text) {
			return "", refuse(Unsupported, "this is no text, and no kind of file that is read here")
		}
		return clean(text), nil
	}
	text, err := enc.NewDecoder().Bytes(data)
	if err != nil {
		return "", refuse(Damaged, "the text cannot be decoded: %v", err)
	}
	if binary(string(text)) {
		return "", refuse(Unsupported, "this is no text, and no kind of file that is read here")
	}
	return clean(string(text)), nil
}

// guess is the encoding of text; nil is UTF-8.
func guess(data []byte) encoding.Encoding {
	switch {
	case bytes.HasPrefix(data, []byte("\xef\xbb\xbf")):
		return nil
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		return textunicode.UTF16(textunicode.LittleEndian, textunicode.UseBOM)
	}
	if even, odd := zeros(data); even != odd {
		if odd {
			return textunicode.UTF16(textunicode.LittleEndian, textunicode.IgnoreBOM)
		}
		return textunicode.UTF16(textunicode.BigEndian, textunicode.IgnoreBOM)
	}
	if utf8.Valid(data) {
		return nil
	}
	return detected(data)
}

// zeros tells whether most of the even, or of the odd bytes are zero, as in UTF-16 of Latin letters.
func zeros(data []byte) (even, odd bool) {
	head := data[:min(len(data), 4096)]
	var n [2]int
	for i, b := range head {
		if b == 0 {
			n[i%2]++
		}
	}
	return n[0]*4 > len(head), n[1]*4 > len(head)
}

// detected asks how often bytes follow each other in which language. What is not clear, such as a short text with some
// accents, is Windows-1252: it is the commonest, and every byte of Latin-1 is the same in it.
func detected(data []byte) encoding.Encoding {
	const sure = 0.6
	found := chardet.Detect(data[:min(len(data), 64<<10)])
	if found.Confidence >= sure {
		if enc, err := htmlindex.Get(found.Encoding); err == nil {
			return enc
		}
	}
	for _, enc := range asian {
		if fits(enc, data) {
			return enc
		}
	}
	return charmap.Windows1252
}

// asian are encodings of two bytes a character, which a few characters are enough to know.
var asian = []encoding.Encoding{japanese.ShiftJIS, japanese.EUCJP, korean.EUCKR, simplifiedchinese.GB18030, traditionalchinese.Big5}

// fits reports whether bytes are valid in an encoding and most of what is not ASCII then is writing of East Asia.
func fits(enc encoding.Encoding, data []byte) bool {
	text, err := enc.NewDecoder().Bytes(data[:min(len(data), 64<<10)&^1])
	if err != nil {
		return false
	}
	asian, latin, other := 0, 0, 0
	for _, r := range string(text) {
		switch {
		case r == utf8.RuneError:
			return false
		case r < utf8.RuneSelf && unicode.IsLetter(r):
			latin++
		case r < utf8.RuneSelf, r >= 0xFF61 && r <= 0xFF9F && asian > 0: // half-width kana
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || r >= 0x3000 && r <= 0x303F || r >= 0xFF00 && r <= 0xFF60:
			asian++
		default:
			other++
		}
	}
	return asian > 4*other && 2*asian > latin // an accent here and there looks like a sign of two bytes, too
}

// binary tells whether a text has characters that no text has.
func binary(text string) bool {
	bad, all := 0, 0
	for _, r := range text[:min(len(text), 64<<10)] {
		all++
		if r == utf8.RuneError || r < ' ' && !strings.ContainsRune("\t\n\r\f\x1b\x00", r) {
			bad++
		}
	}
	return bad*20 > all
}

// clean drops what nobody sees and a database or a model would trip over: NUL, other control characters, the marks that
// turn text around, and Unicode's tags, in which instructions are hidden. Lines end with \n.
func clean(text string) string {
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.ToValidUTF8(text, "\ufffd")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r' || r == '\f' || r == '\u2028' || r == '\u2029':
			return '\n'
		case r == '\u200d' || r == '\u200c': // they join and part letters in Arabic, Indic scripts and emoji
			return r
		case unicode.IsControl(r), hidden(r):
			return -1
		}
		return r
	}, text)
}

func hidden(r rune) bool {
	return r == '\u200b' || r == '\u2060' || r == '\ufeff' || r == '\u00ad' ||
		r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' || r >= 0xE0000 && r <= 0xE007F
}
