package serving_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/serving"
)

// queue puts a request in line and returns when it is there. The tenant is sent to admitted when its
// turn comes, and its slot is given back at once.
func queue(t *testing.T, g *serving.Gate, tenant string, admitted chan<- string) {
	t.Helper()
	inLine := make(chan struct{})
	var once sync.Once
	go func() {
		leave, err := g.Enter(context.Background(), tenant, func(int) { once.Do(func() { close(inLine) }) })
		if err != nil {
			t.Error(err)
			return
		}
		admitted <- tenant
		leave()
	}()
	<-inLine
}

func TestGateSharesFairlyBetweenTenants(t *testing.T) {
	t.Parallel()
	g := serving.NewGate(1, 16)
	leave, err := g.Enter(context.Background(), "a", nil)
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
	leave, _ := g.Enter(context.Background(), "a", nil)
	admitted := make(chan string, 8)
	queue(t, g, "a", admitted)
	places := make(chan int, 8)
	go func() {
		done, err := g.Enter(context.Background(), "a", func(p int) { places <- p })
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
	leave, _ := g.Enter(context.Background(), "a", nil)
	admitted := make(chan string, 8)
	for range 3 {
		queue(t, g, "a", admitted)
	}
	_, err := g.Enter(context.Background(), "a", nil)
	f := fault.From(err)
	if f == nil || f.Code != fault.CodeBusy || f.RetryAfter < time.Second {
		t.Fatalf("fourth of the same tenant: %v", err)
	}
	queue(t, g, "b", admitted)
	if _, err := g.Enter(context.Background(), "c", nil); !fault.Is(err, fault.CodeBusy) {
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
	leave, _ := g.Enter(context.Background(), "a", nil)
	ctx, cancel := context.WithCancel(context.Background())
	if _, err := g.Enter(ctx, "a", func(int) { cancel() }); !errors.Is(err, context.Canceled) {
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
			leave, err := g.Enter(ctx, string(rune('a'+i%5)), nil)
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
