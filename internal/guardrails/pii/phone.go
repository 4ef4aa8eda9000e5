package pii

import (
	"regexp"
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// phoneForm is a run of digits with the signs that people put between them, on one line.
var phoneForm = regexp.MustCompile(`(?i)(?:\+|\b00)?[ ]?\(?\d(?:(?:[ ./-]|[ ]?\(|\)[ -]?|[ ]-[ ])?\d){5,17}(?:[ ]?(?:x|ext\.?|ext\.? )\d{1,5}\b)?`)

var (
	// phoneWord stands before a number that is a telephone's, and phoneAfter behind it.
	phoneWord = regexp.MustCompile(`\b(?:phone|telephone|tel|telefon|fon|mobile?|mobil|cell|handy|call(?:ed|ing)?|fax|office|desk|whatsapp|sms|text me|` +
		`hotline|rufnummer|telefonnummer|handynummer|ring|dial|contact|reach|registered|answering at|messages? to|anrufen|erreichbar|durchwahl)\b`)
	phoneAfter = regexp.MustCompile(`(?i)^[ -]{1,2}(?:office|fax|mobile|mobil|cell|home|work|phone|tel)\b`)

	// northern is how numbers of North America are grouped, and trunk how those of most other countries
	// are when they are dialled at home. Without a word beside them only these count.
	northern  = regexp.MustCompile(`^(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}$`)
	extension = regexp.MustCompile(`(?i) ?(?:x|ext)[. ]*\d+$`)
	trunk     = regexp.MustCompile(`^\(?0\d{1,5}(?:\)[ -]?|[ ./-]{1,3})\d[\d ./-]{3,}$`)

	// dates look like numbers with a point in between.
	dates = regexp.MustCompile(`^(?:\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[-./]\d{1,2}[-./]\d{4})(?:\D|$)`)
)

// northAmerica stands for all countries that dial as one.
const northAmerica = "US"

// homes are the countries whose numbers are known when they come without a country's code.
var homes = []string{"DE", "GB", "FR", "AT", "CH", "IT", "NL", "BE", "AU", "ES", "SE", "PL", "ZA"}

func phoneSpans(text string) []Span {
	var out []Span
	eachNumber(text, phoneForm, 6, func(start, end int) {
		for text[start] == ' ' {
			start++
		}
		if text[start] == '(' && !strings.Contains(text[start:end], ")") {
			start++
		}
		prev, next := before(text, start), after(text, end)
		if word(prev) || prev == '.' || prev == '#' || prev == '$' || word(next) || next == '%' {
			return
		}
		if isPhone(text, start, end) {
			out = append(out, Span{start, end, Phone})
		}
	})
	return out
}

func isPhone(text string, start, end int) bool {
	number := text[start:end]
	plain := number
	if x := extension.FindStringIndex(number); x != nil {
		plain = number[:x[0]]
	}
	n := len(digits(plain))
	switch {
	case dates.MatchString(number):
		return false
	case number[0] == '+' || strings.HasPrefix(number, "00"):
		return possible(number)
	case n < 7 || n > 15 || before(text, start) == '-':
		return false
	case northern.MatchString(plain) && valid(plain, northAmerica):
		return true
	case trunk.MatchString(plain) && n >= 9 && slices.ContainsFunc(homes, func(region string) bool { return valid(plain, region) }):
		return true
	}
	return n <= 12 && (phoneWord.MatchString(lead(text, start)) || phoneAfter.MatchString(text[end:min(len(text), end+near)]))
}

// possible reports whether a number with its country's code has the length of one there. Whether it was
// given out is not asked: a number with a plus sign is meant as one.
func possible(number string) bool {
	if rest, ok := strings.CutPrefix(number, "00"); ok {
		number = "+" + rest
	}
	p, err := phonenumbers.Parse(number, "")
	return err == nil && phonenumbers.IsPossibleNumber(p)
}

// valid reports whether a number without its country's code is in the plan of region's country.
func valid(number, region string) bool {
	p, err := phonenumbers.Parse(number, region)
	return err == nil && phonenumbers.IsValidNumber(p)
}
