package password

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/parley-chat/parley/internal/fault"
)

// Check reports why a new password is not good enough, as a fault at the field "password". As NIST SP
// 800-63B advises, length counts and well-known, repeated or guessable passwords are refused; nothing
// is asked about kinds of characters, and nothing expires. about holds words that an attacker knows of
// the user (address, name).
func (c Config) Check(password string, about ...string) error {
	bad := func(format string, args ...any) error {
		return fault.Invalid(format, args...).At("password").OfKind("weak_password")
	}
	if !utf8.ValidString(password) {
		return bad("the password is not valid UTF-8 text")
	}
	if len(password) > MaxBytes {
		return bad("the password is longer than %d bytes", MaxBytes)
	}
	// Hashing sees the same normal form, so that one password typed on two keyboards is one password.
	text := norm.NFC.String(password)
	if n := utf8.RuneCountInString(text); n < c.MinLength {
		return bad("the password needs at least %d characters; this one has %d", c.MinLength, n)
	}
	lower := strings.ToLower(text)
	if common[lower] || common[strings.TrimRight(lower, "0123456789!?.*#$")] {
		return bad("this password is among the first that an attacker tries; choose another")
	}
	if monotonous(lower) {
		return bad("the password only repeats or counts up a few characters; choose another")
	}
	for _, word := range about {
		if word = strings.ToLower(strings.TrimSpace(word)); word != "" && lower == word {
			return bad("the password is your own name or address; choose another")
		}
	}
	return nil
}

// monotonous reports whether s has fewer than four different characters or only steps through the
// alphabet or the digits.
func monotonous(s string) bool {
	seen := map[rune]bool{}
	steps, last, first := 0, rune(0), true
	for _, r := range s {
		seen[r] = true
		if d := r - last; !first && (d == 1 || d == -1 || d == 0) {
			steps++
		}
		last, first = r, false
	}
	return len(seen) < 4 || steps >= utf8.RuneCountInString(s)-2
}

// common holds the well-known passwords that are long enough to get this far, lowercase. Digits and
// marks at the end are cut before the look-up, so that shorter words catch their usual tails too.
var common = func() map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(`
		password passw0rd p@ssword p@ssw0rd pa$$word pa$$w0rd passwort motdepasse contraseña wachtwoord
		passphrase passcode mypassword thepassword newpassword yourpassword passwordpassword
		admin administrator adminadmin root rootroot superuser sysadmin operator
		parley parleychat parleyadmin welcome welcome1 willkommen bienvenue letmein letmeinnow
		changeme changeit changemenow changethis default secret secretsecret topsecret test testtest tester
		testing guest guestguest demo demodemo example temporary temp login loginlogin access user username
		qwerty qwertyui qwertyuiop qwertz qwertzui qwertzuiop azerty azertyui azertyuiop asdfgh asdfghjk
		asdfghjkl zxcvbnm zxcvbn 1q2w3e4r 1q2w3e4r5t q1w2e3r4 1qaz2wsx 1qaz2wsx3edc qazwsx qazwsxedc
		zaq12wsx zaq1zaq1 qweasdzxc qwe123qwe asdasdasd qweqweqwe 123qweasd asd123asd 123qwe123qwe
		iloveyou iloveyou2 ilovegod loveyou lovelove monkey dragon master sunshine princess football
		baseball basketball softball superman batman spiderman starwars pokemon computer internet
		trustno1 whatever mustang shadow michael jennifer jessica michelle charlie jordan ashley daniel
		thomas robert freedom liverpool chelsea arsenal barcelona samsung google facebook microsoft
		corvette mercedes ferrari midnight chocolate butterfly elephant diamond flower summer winter
		spring autumn sommer january february november december monday friday blink182 123abc abc123
		abcd1234 a1b2c3d4 1a2b3c4d abcabc abc123abc 11223344 12341234 12344321 123123123 123321123
		31415926 14142135 27182818 87654321 98765432 147258369 159357 159753 741852963 789456123
		00000000 11111111 12121212 13131313 69696969 88888888 correcthorsebatterystaple
		correct-horse-battery-staple hunter2 ninja azerty123 monkey123 football1 killer hello hellohello
		helloworld hello123`) {
		m[w] = true
	}
	return m
}()
