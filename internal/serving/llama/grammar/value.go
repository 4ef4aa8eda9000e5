package grammar

import (
	"bytes"
	"encoding/json"
	"math/big"
	"slices"
	"strings"
)

func kindOf(v any) kind {
	switch v.(type) {
	case nil:
		return isNull
	case bool:
		return isBool
	case string:
		return isText
	case []any:
		return isArray
	case map[string]any:
		return isObject
	}
	return isNumber
}

// canonical is one spelling for equal values: 1, 1.0 and 1e0 are the same number.
func canonical(v any) string {
	switch v := v.(type) {
	case json.Number:
		if r, ok := rational(v); ok {
			return r.RatString()
		}
		return string(v)
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			parts[i] = canonical(x)
		}
		return "[" + strings.Join(parts, ",") + "]"
	case map[string]any:
		var parts []string
		for k, x := range v {
			parts = append(parts, spell(k)+":"+canonical(x))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	}
	return spell(v)
}

// rational reads a number that is not so long that computing with it would take time.
func rational(n json.Number) (*big.Rat, bool) {
	s := string(n)
	if mantissa, exponent, ok := strings.Cut(strings.ToLower(s), "e"); len(s) > 400 || (ok && len(strings.TrimLeft(exponent, "+-0")) > 3) || mantissa == "" {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}

// spell writes a value as JSON.
func spell(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "null" // values come from JSON, which can be written again
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// numberText is the spelling of a number that came from JSON.
func numberText(v any) json.Number {
	n, _ := v.(json.Number)
	return n
}
