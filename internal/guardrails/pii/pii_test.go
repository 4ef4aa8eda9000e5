package pii_test

import (
	"fmt"
	"maps"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/guardrails/pii"
)

const pem = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0A1B\n\n" +
	"MIIEpQIBAAKCAQEAn6/O8li+SX4m98LLYt/PKSzEmQ++ZBD7Loh9P13f4yQ92EF3\nyxR5MsXFu9PRsrYQA7/4UTPH\n-----END RSA PRIVATE KEY-----"

func TestRedact(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		// Addresses.
		{"Write to anna.müller+list@büro.example.org.", "Write to [email]."},
		{"<bob@example.co.uk>, 'carol@example.org'", "<[email]>, '[email]'"},
		{"```\nuser: dave@example.com\n```", "```\nuser: [email]\n```"},
		{"https://x.org/?to=eve@example.org", "https://x.org/?to=[email]"},
		{"ping 192.168.17.3, then 2001:db8::8a2e:370:7334.", "ping [ip], then [ip]."},
		{"fe80::1 is up; [2001:db8:0:0:0:0:2:1]:443 is not", "[ip] is up; [[ip]]:443 is not"},
		// Telephones.
		{"Call +49 30 1234567 or 0171-2345678.", "Call [phone] or [phone]."},
		{"(212) 736-5000 or 212.736.5000 x12", "[phone] or [phone]"},
		{"tel: 555 0199 123", "tel: [phone]"},
		{"ruf an: 089/123456-78 (Büro)", "ruf an: [phone] (Büro)"},
		{"0044 20 7946 0958", "[phone]"},
		// Numbers with a check.
		{"Visa 4111 1111 1111 1111 and amex 3782-822463-10005", "Visa [card] and amex [card]"},
		{"DE89 3704 0044 0532 0130 00 is mine", "[iban] is mine"},
		{"gb82west12345698765432", "[iban]"},
		// Secrets.
		{"key AKIAQ3EGRZ5M7WXYABCD!", "key [secret]!"},
		{"ghp_" + strings.Repeat("a1B2", 9), "[secret]"},
		{"sk-proj-" + strings.Repeat("aB3_", 12), "[secret]"},
		{"parley_" + strings.Repeat("a1B", 14) + "c", "[secret]"},
		{"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTYifQ.dBjftJeZ4CVPmB92K27uhbUJU1p1r", "[secret]"},
		{"Here:\n" + pem + "\nthanks", "Here:\n[secret]\nthanks"},
		{"cut off: -----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ\nand on", "cut off: [secret]\nand on"},
		{`password = "correct horse!"`, `password = "[secret]"`},
		{"DB_PASSWORD=hunter42x\nDEBUG=1", "DB_PASSWORD=[secret]\nDEBUG=1"},
		{"das Passwort lautet Sommer2024!", "das Passwort lautet [secret]"}, // the mark may be the password's
		{`{"api_key": "9f8e7d6c5b4a"}`, `{"api_key": "[secret]"}`},
		{"Authorization: Bearer 0123456789abcdef", "Authorization: Bearer [secret]"},
		{"postgres://app:s3cr3t@db.example.org/app", "postgres://app:[secret]@db.example.org/app"},
		{"curl -u admin:P4ssw0rt https://x.org", "curl -u admin:[secret] https://x.org"},
	} {
		if got, _ := pii.Redact(c.text); got != c.want {
			t.Errorf("%q\n became %q,\n want   %q", c.text, got, c.want)
		}
	}
}

// What only looks like one of them stays.
func TestNearMisses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"icon@2x.png and git@github.com:parley-chat/parley.git and @app.route and go@1.26 and a @ b",
		"version 1.2.3.4, mask 255.255.255.0, 127.0.0.1:8080, 0.0.0.0, ::1, 300.1.2.3, 1.2.3.4.5",
		"std::vector, abc::def, 12:30:45, 00:1B:44:11:3A:B7, a:b:c",
		"2024-01-15, 15.01.2024, 01/02/2024, 2024-01-15 10:30:00, 1700000000000, 3.14159265358979",
		"In 1995-2005 we sold 1 234 567 units, invoice 2024-000123, #1234567890, $1234567, ISBN 978-3-16-148410-0",
		"4111 1111 1111 1112 has a wrong sum, 1234 5678 9012 3456 too, and 12345678901234567890 is long",
		"DE89 3704 0044 0532 0130 01 has a wrong sum, AB12 3456 is short, XX89 3704 0044 0532 0130 00 is nowhere",
		"550e8400-e29b-41d4-a716-446655440000 and 3b18e512dba79e4c8300dd08aeb37f8e728b8dad",
		"The password is required. Your password must have 8 characters. A token is a word. max_tokens: 100000",
		`password: <your password>, token = os.Getenv("TOKEN"), secret: ${SECRET}, api_key: xxxxxxxx, password: "********"`,
		"AKIAIOSFODNN7EXAMPLE, sk-learn, skills-and-more, task-force, ghp_short, bearer of bad news",
		"-----BEGIN PUBLIC KEY----- and a line -----BEGIN PRIVATE KEY----- begins every key",
		"const publicKeyPath = \"/etc/key\"; secret_name: db1-main; tokenId = 'a1b2c3d4e5'",
		"https://example.org:8080/a@b and http://[2001]/x",
	} {
		if got, found := pii.Redact(text); got != text {
			t.Errorf("%q\n became %q: %v", text, got, found)
		}
	}
}

func TestRedactCounts(t *testing.T) {
	t.Parallel()
	text, counts := pii.Redact("a@x.org, b@x.org, 10.1.2.3")
	if text != "[email], [email], [ip]" || !maps.Equal(counts, map[pii.Kind]int{pii.Email: 2, pii.IP: 1}) {
		t.Errorf("%q, %v", text, counts)
	}
	if text, counts := pii.Redact(""); text != "" || counts == nil || len(counts) != 0 {
		t.Errorf("of nothing: %q, %v", text, counts)
	}
	// Once is enough: the marks are nothing to find.
	if again, counts := pii.Redact(text); again != text || len(counts) != 0 {
		t.Errorf("again: %q, %v", again, counts)
	}
}

// Spans are in order and apart, and where two overlapped none of either is left.
func TestOverlapsBecomeOne(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"password=joe1@nowhere.org":             "password=[secret]", // of one length
		"token: 4111111111111111x9":             "token: [secret]",
		"call me: 4111 1111 1111 1111":          "call me: [card]",
		"api_key=AKIAQ3EGRZ5M7WXYABCD":          "api_key=[secret]",
		"secret: a1b2c3@10.1.2.3":               "secret: [secret]",
		"https://joe:pw12345@192.168.1.2/x?a=1": "https://joe:[secret]@[ip]/x?a=1",
	} {
		got, _ := pii.Redact(text)
		if got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
		end := 0
		for _, s := range pii.Find(text) {
			if s.Start < end || s.End <= s.Start {
				t.Errorf("%q: spans overlap: %v", text, pii.Find(text))
			}
			end = s.End
		}
	}
}

// hostile texts make a pattern begin everywhere and come to nothing.
func hostile(n int) map[string]string {
	texts := map[string]string{}
	for _, unit := range []string{
		"a", "a@", "a.", "@", "1", "1 ", "(1", "+1", "1.1.", ":", "a:", "1:", "DE89 ", "-----BEGIN PRIVATE KEY-----", "eyJ", "eyJaaaaaaaaaa.",
		"password=", "password is ", `token: "`, "bearer ", "://a:", "https://a:b", "curl -u ", "curl ", "sk-", "4111 1111 1111 1111 ", "0171 2345678 ",
		"tel 1234567 ", "secret:::::", "\n", "\\", "ü", "\xff",
	} {
		texts[unit] = strings.Repeat(unit, n/len(unit))
	}
	return texts
}

// Twice the text takes about twice the time; a pattern whose time grew with the square would take a
// hundred times as long here, and hours on the longest message.
func TestTimeGrowsWithTheTextAlone(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	runtime.LockOSThread() // whose computing time is read, so that other programs do not count
	defer runtime.UnlockOSThread()
	took := func(text string) time.Duration {
		best := time.Hour
		for range 3 {
			began := computed(t)
			pii.Redact(text)
			best = min(best, computed(t)-began)
		}
		return best
	}
	const short, long = 8 << 10, 128 << 10
	small := hostile(short)
	for name, text := range hostile(long) {
		a, b := took(small[name]), took(text)
		if limit := 6 * long / short * max(a, time.Millisecond); b > limit {
			t.Errorf("%q: %d bytes take %v, and %d take %v", name, short, a, long, b)
		}
	}
}

// computed is the processor's time that this thread has used.
func computed(t *testing.T) time.Duration {
	t.Helper()
	const thread = 1 // RUSAGE_THREAD of Linux
	var used syscall.Rusage
	if err := syscall.Getrusage(thread, &used); err != nil {
		t.Skip("this system does not tell the time of a thread")
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func FuzzRedact(f *testing.F) {
	for name, text := range hostile(200) {
		f.Add(name)
		f.Add(text)
	}
	f.Add("Call +49 30 1234567, write to a@example.org, pay DE89370400440532013000 with 4111111111111111")
	f.Fuzz(func(t *testing.T, text string) {
		end, kept := 0, 0
		for _, s := range pii.Find(text) {
			if s.Start < end || s.End <= s.Start || s.End > len(text) {
				t.Fatalf("span %v of %d bytes", s, len(text))
			}
			kept += s.Start - end
			end = s.End
		}
		out, counts := pii.Redact(text)
		want := kept + len(text) - end
		for k, n := range counts {
			want += n * len(fmt.Sprintf("[%s]", k))
		}
		if len(out) != want {
			t.Fatalf("%q became %q: %d bytes, want %d", text, out, len(out), want)
		}
	})
}

func BenchmarkRedact(b *testing.B) {
	text := strings.Repeat("The quick brown fox (see https://example.org/a/b?c=d) jumps over 12 lazy dogs at 10:30 on 2024-01-15, said Ann.\n", 9000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		pii.Redact(text)
	}
}
