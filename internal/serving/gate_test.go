package serving_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

func caller(tenant string) serving.Caller { return serving.Caller{Tenant: tenant, User: "u"} }

// queue puts a request of a tenant in line; see queueAs.
func queue(t *testing.T, g *serving.Gate, tenant string, admitted chan<- string) {
	t.Helper()
	queueAs(t, g, caller(tenant), tenant, admitted)
}

// queueAs puts a request in line and returns when it is there. Its name is sent to admitted when its
// turn comes, and its slot is given back at once.
func queueAs(t *testing.T, g *serving.Gate, c serving.Caller, name string, admitted chan<- string) {
	t.Helper()
	inLine := make(chan struct{})
	var once sync.Once
	go func() {
		leave, err := g.Enter(context.Background(), c, func(int) { once.Do(func() { close(inLine) }) })
		if err != nil {
			t.Error(err)
			return
		}
		admitted <- name
		leave()
	}()
	<-inLine
}

func TestGateSharesFairlyBetweenTenants(t *testing.T) {
	t.Parallel()
	g := serving.NewGate(1, 16)
	leave, err := g.Enter(context.Background(), caller("a"), nil)
	if err != nil {
		t.Fatal(err)
	}
	admitted := make(chan string, 8)
	for _, tenant := range []string{"a", "a", "a", "b", "c"} {
		queue(t, g, tenant, admitted)
	}
	leave()
	var order []string
	for range 5 {
		order = append(order, <-admitted)
	}
	if want := []string{"b", "c", "a", "a", "a"}; !slices.Equal(order, want) {
		t.Errorf("admitted %v, want %v", order, want)
	}
}

func TestGateTellsPositions(t *testing.T) {
	t.Parallel()
	g := serving.NewGate(1, 16)
	leave, _ := g.Enter(context.Background(), caller("a"), nil)
	admitted := make(chan string, 8)
	queue(t, g, "a", admitted)
	places := make(chan int, 8)
	go func() {
		done, err := g.Enter(context.Background(), caller("a"), func(p int) { places <- p })
		if err != nil {
			t.Error(err)
		}
		done()
		close(places)
	}()
	if p := <-places; p != 1 {
		t.Fatalf("place %d, want 1", p)
	}
	leave()
	for p := range places {
		if p != 0 {
			t.Errorf("place %d after the one before was admitted", p)
		}
	}
	if waiting, running := g.Waiting(); waiting != 0 || running != 0 {
		t.Errorf("%d waiting, %d running at the end", waiting, running)
	}
}

func TestFullGateRefusesAndKeepsRoomForOtherTenants(t *testing.T) {
	t.Parallel()
	g := serving.NewGate(1, 4)
	leave, _ := g.Enter(context.Background(), caller("a"), nil)
	admitted := make(chan string, 8)
	for range 3 {
		queue(t, g, "a", admitted)
	}
	_, err := g.Enter(context.Background(), caller("a"), nil)
	f := fault.From(err)
	if f == nil || f.Code != fault.CodeBusy || f.RetryAfter < time.Second {
		t.Fatalf("fourth of the same tenant: %v", err)
	}
	queue(t, g, "b", admitted)
	if _, err := g.Enter(context.Background(), caller("c"), nil); !fault.Is(err, fault.CodeBusy) {
		t.Fatalf("beyond the limit: %v", err)
	}
	leave()
	if first := <-admitted; first != "b" {
		t.Errorf("first admitted is %s, want the tenant with nothing running", first)
	}
	for range 3 {
		<-admitted
	}
}

func TestGateGivesUpThePlaceOfWhoCancels(t *testing.T) {
	t.Parallel()
	g := serving.NewGate(1, 4)
	leave, _ := g.Enter(context.Background(), caller("a"), nil)
	ctx, cancel := context.WithCancel(context.Background())
	if _, err := g.Enter(ctx, caller("a"), func(int) { cancel() }); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled while waiting: %v", err)
	}
	leave()
	leave() // a second call changes nothing
	if waiting, running := g.Waiting(); waiting != 0 || running != 0 {
		t.Errorf("%d waiting, %d running", waiting, running)
	}
}

// However requests come, cancel and go, no slot is lost and never more run than there are slots.
func TestGateKeepsCountUnderStress(t *testing.T) {
	t.Parallel()
	const slots = 3
	g := serving.NewGate(slots, 1000)
	var wg sync.WaitGroup
	inside := make(chan struct{}, slots)
	for i := range 300 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if i%3 == 0 {
				go cancel()
			}
			leave, err := g.Enter(ctx, serving.Caller{Tenant: string(rune('a' + i%5)), User: string(rune('u' + i%2)), Class: serving.Class(i%3 - 1)}, nil)
			if err != nil {
				return
			}
			select {
			case inside <- struct{}{}:
				<-inside
			default:
				t.Error("more inside than slots")
			}
			leave()
		})
	}
	wg.Wait()
	if waiting, running := g.Waiting(); waiting != 0 || running != 0 {
		t.Errorf("%d waiting, %d running at the end", waiting, running)
	}
}

// order fills a queue behind a running request of another tenant and returns who comes after whom.
func order(t *testing.T, limit int, callers []serving.Caller) (names []string) {
	t.Helper()
	g := serving.NewGate(1, limit)
	leave, err := g.Enter(context.Background(), caller("z"), nil)
	if err != nil {
		t.Fatal(err)
	}
	admitted := make(chan string, len(callers))
	for i, c := range callers {
		queueAs(t, g, c, fmt.Sprint(i), admitted)
	}
	leave()
	for range callers {
		names = append(names, <-admitted)
	}
	return names
}

func TestGateLetsPeopleGoFirst(t *testing.T) {
	t.Parallel()
	got := order(t, 64, []serving.Caller{
		{Tenant: "a", User: "u", Class: serving.Background}, {Tenant: "a", User: "u"}, {Tenant: "a", User: "u", Class: serving.Interactive},
		{Tenant: "b", User: "u"}, {Tenant: "b", User: "u", Class: serving.Interactive},
	})
	if want := []string{"2", "4", "1", "3", "0"}; !slices.Equal(got, want) {
		t.Errorf("admitted %v, want %v", got, want)
	}
}

func TestGateSharesFairlyBetweenUsers(t *testing.T) {
	t.Parallel()
	got := order(t, 64, []serving.Caller{{Tenant: "a", User: "u"}, {Tenant: "a", User: "u"}, {Tenant: "a", User: "u"}, {Tenant: "a", User: "v"}})
	if want := []string{"0", "3", "1", "2"}; !slices.Equal(got, want) {
		t.Errorf("admitted %v, want %v", got, want)
	}
}

// One in the background goes before a person's later request when it has let many of those go first.
func TestGateStarvesNobody(t *testing.T) {
	t.Parallel()
	callers := []serving.Caller{{Tenant: "a", User: "u", Class: serving.Background}}
	for range 30 {
		callers = append(callers, serving.Caller{Tenant: "a", User: "u", Class: serving.Interactive})
	}
	if at := slices.Index(order(t, 64, callers), "0"); at != 16 {
		t.Errorf("it came after %d others, want 16", at)
	}
}

func TestGateKeepsHalfTheQueueFromTheBackground(t *testing.T) {
	t.Parallel()
	g := serving.NewGate(1, 8)
	leave, _ := g.Enter(context.Background(), caller("z"), nil)
	admitted := make(chan string, 8)
	for _, tenant := range []string{"a", "b", "c", "d"} {
		queueAs(t, g, serving.Caller{Tenant: tenant, Class: serving.Background}, tenant, admitted)
	}
	if _, err := g.Enter(context.Background(), serving.Caller{Tenant: "e", Class: serving.Background}, nil); !fault.Is(err, fault.CodeBusy) {
		t.Errorf("a fifth in the background: %v", err)
	}
	queue(t, g, "e", admitted)
	leave()
	for range 5 {
		<-admitted
	}
}
