package chat_test

import (
	"slices"
	"testing"

	"github.com/parley-chat/parley/internal/chat"
)

func TestIDsSortInTheOrderOfTheirMaking(t *testing.T) {
	t.Parallel()
	var ids []string
	for range 5000 {
		ids = append(ids, chat.NewID("msg"))
	}
	if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		t.Error("ids are out of order or repeat")
	}
	if !chat.ValidID("msg", ids[0]) || chat.ValidID("conv", ids[0]) || chat.ValidID("msg", ids[0]+"0") || chat.ValidID("msg", "msg_") {
		t.Error("ValidID does not know its own")
	}
}

func TestEventIDsAreReadAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	id := chat.EventID{Message: chat.NewID("msg"), Seq: 3, Offset: 17}
	if got, err := chat.ParseEventID(id.String()); err != nil || got != id {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := chat.ParseEventID(id.Message); err != nil || got != (chat.EventID{Message: id.Message}) {
		t.Errorf("a bare message: %+v, %v", got, err)
	}
	for _, bad := range []string{"", "msg_1.1.1", id.Message + ".1", id.Message + ".-1.2", id.Message + ".1.x", id.String() + ".4"} {
		if got, err := chat.ParseEventID(bad); err == nil {
			t.Errorf("%q was read as %+v", bad, got)
		}
	}
}

func TestRolesAreOrderedAndStrangersMayNothing(t *testing.T) {
	t.Parallel()
	if !chat.RoleOwner.AtLeast(chat.RoleViewer) || chat.RoleViewer.AtLeast(chat.RoleMember) || chat.Role("root").AtLeast(chat.RoleViewer) {
		t.Error("roles are out of order")
	}
	key := chat.Identity{Via: chat.ViaKey, Permissions: []chat.Permission{chat.MayChat}}
	if !key.May(chat.MayChat) || key.May(chat.MayAdmin) || !(chat.Identity{Via: chat.ViaSession}).May(chat.MayAdmin) {
		t.Error("permissions of keys")
	}
}
