package conversation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/parley-chat/parley/internal/conversation"
	"github.com/parley-chat/parley/internal/fault"
	"github.com/parley-chat/parley/internal/store"
)

func (b bench) folder(t testing.TB, name string) conversation.Folder {
	t.Helper()
	f, err := b.CreateFolder(ctx, alice, name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFoldersFileConversations(t *testing.T) {
	t.Parallel()
	b := setup(t)
	work, play := b.folder(t, "  Wörk\n life "), b.folder(t, "art")
	if !strings.HasPrefix(work.ID, "fold_") || work.Name != "Wörk life" || work.CreatedAt.IsZero() {
		t.Fatalf("folder: %+v", work)
	}
	var ids []string
	for i := range 4 {
		c, err := b.Create(ctx, alice, fmt.Sprint("title ", i))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.ID)
	}
	for _, id := range ids[:3] {
		c, err := b.Update(ctx, alice, id, conversation.Patch{Folder: &work.ID})
		if err != nil || c.Folder != work.ID {
			t.Fatalf("%+v, %v", c, err)
		}
	}
	patches := map[string]conversation.Patch{
		ids[0]: {Pinned: ptr(true)}, ids[1]: {State: ptr(conversation.Archived)}, ids[2]: {Folder: ptr("")},
	}
	for id, p := range patches {
		if _, err := b.Update(ctx, alice, id, p); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		f    conversation.Filter
		want []string
	}{
		"in work":            {conversation.Filter{Folder: work.ID}, []string{ids[0], ids[1]}},
		"in work, a page":    {conversation.Filter{Folder: work.ID, Limit: 1}, []string{ids[0]}},
		"in work, active":    {conversation.Filter{Folder: work.ID, State: conversation.Active}, []string{ids[0]}},
		"in work, by title":  {conversation.Filter{Folder: work.ID, Query: "1"}, []string{ids[1]}},
		"in play":            {conversation.Filter{Folder: play.ID}, nil},
		"in none":            {conversation.Filter{Folder: conversation.NoFolder}, []string{ids[3], ids[2]}},
		"everywhere, active": {conversation.Filter{State: conversation.Active}, []string{ids[0], ids[3], ids[2]}},
	} {
		page, err := b.List(ctx, alice, c.f)
		var got []string
		for _, c := range page.Data {
			got = append(got, c.ID)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v (%v)", name, got, c.want, err)
		}
	}
	all, err := b.Folders(ctx, alice)
	if err != nil || len(all) != 2 || all[0].ID != play.ID || all[1].Conversations != 1 {
		t.Errorf("by name, with the count of active ones: %+v, %v", all, err)
	}
	renamed, err := b.RenameFolder(ctx, alice, work.ID, "Aachen")
	if err != nil || renamed.Name != "Aachen" || renamed.Conversations != 1 || !renamed.CreatedAt.Equal(work.CreatedAt) {
		t.Errorf("renamed: %+v, %v", renamed, err)
	}
	if err := b.DeleteFolder(ctx, alice, work.ID); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if c, err := b.Get(ctx, alice, id); err != nil || c.Folder != "" {
			t.Errorf("after the folder is gone: %+v, %v", c, err)
		}
	}
	_, err = b.List(ctx, alice, conversation.Filter{Folder: work.ID})
	wantFault(t, err, fault.CodeNotFound, "folder")
	wantFault(t, b.DeleteFolder(ctx, alice, work.ID), fault.CodeNotFound, "")
}

func TestFolderLimitsAndScopes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, name := range []string{"", " \n ", strings.Repeat("ä", 81), "\xff"} {
		_, err := b.CreateFolder(ctx, alice, name)
		wantFault(t, err, fault.CodeInvalid, "name")
	}
	mine := b.folder(t, "mine")
	c, err := b.Create(ctx, bob, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"file":   second(b.Update(ctx, bob, c.ID, conversation.Patch{Folder: &mine.ID})),
		"list":   second(b.List(ctx, bob, conversation.Filter{Folder: mine.ID})),
		"rename": second(b.RenameFolder(ctx, eve, mine.ID, "x")),
		"delete": b.DeleteFolder(ctx, eve, mine.ID),
	} {
		if !fault.Is(err, fault.CodeNotFound) {
			t.Errorf("%s of another's folder: %v", name, err)
		}
	}
	if all, err := b.Folders(ctx, bob); err != nil || len(all) != 0 {
		t.Errorf("bob sees %v, %v", all, err)
	}
	for range conversation.MaxFolders - 1 {
		b.folder(t, "more")
	}
	_, err = b.CreateFolder(ctx, alice, "one too many")
	wantFault(t, err, fault.CodeTooLarge, "")
	var sealed []byte
	if err := b.db.Get(ctx, &sealed, `SELECT name FROM folders WHERE id = ?`, mine.ID); err != nil || strings.Contains(string(sealed), "mine") {
		t.Errorf("the name lies in the clear: %q, %v", sealed, err)
	}
	if err := b.db.WithTx(ctx, func(tx *store.Tx) error { return b.DeleteAll(ctx, tx, alice) }); err != nil {
		t.Fatal(err)
	}
	if all, err := b.Folders(ctx, alice); err != nil || len(all) != 0 {
		t.Errorf("after the user is gone: %v, %v", all, err)
	}
}
