package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/chat"
	"github.com/parley-chat/parley/internal/knowledge"
	"github.com/parley-chat/parley/internal/knowledge/connect"
	"github.com/parley-chat/parley/internal/tenancy"
)

func newIngestCmd(o *options) *cobra.Command {
	var base, user, tenant string
	var every time.Duration
	web := connect.DefaultWebConfig()
	cmd := &cobra.Command{
		Use:   "ingest PATH|URL...",
		Short: "Bring folders, files and web sites into a knowledge base, and keep it as they are",
		Long: `ingest brings documents into a knowledge base, which the server then reads: of folders every file that does not begin
with a dot, of a site the pages below the address (or that a sitemap lists), as its robots.txt allows. A further run brings what
is new or has changed, and takes out what is gone from where it was; --every goes on with that. What people put into the base
by themselves stays.`,
		Example: `  parley ingest ./handbook https://intranet.example.org/rules/ --base Handbook --user ada@example.org
  parley ingest /srv/share --base Share --user ada@example.org --every 10m`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			origins, err := openOrigins(args, web)
			if err != nil {
				return err
			}
			p, done, err := o.open(ctx)
			if err != nil {
				return err
			}
			defer done()
			if err := p.OpenInstall(ctx); err != nil {
				return err
			}
			sc, err := scopeOf(ctx, p.Accounts, tenant, user)
			if err != nil {
				return err
			}
			b, err := namedBase(ctx, p.Library, sc, base)
			if err != nil {
				return err
			}
			for {
				err := syncAll(ctx, cmd.OutOrStdout(), p.Library, sc, b.ID, origins)
				if every == 0 || ctx.Err() != nil {
					return err
				}
				if err != nil {
					cmd.PrintErrln("parley: " + err.Error())
				}
				select {
				case <-ctx.Done():
					return nil
				case <-time.After(every):
				}
			}
		},
	}
	f := cmd.Flags()
	f.StringVar(&base, "base", "", "the knowledge base, by its name or id; it is made where there is none of the name")
	f.StringVar(&user, "user", "", "the email of the user whose files they are, and who may write to the base")
	f.StringVar(&tenant, "tenant", "", "the user's tenant (default: the first)")
	f.DurationVar(&every, "every", 0, "go on, and look again so often")
	f.IntVar(&web.Depth, "depth", web.Depth, "of a site: how many links away from the address")
	f.IntVar(&web.Pages, "pages", web.Pages, "of a site: the most pages")
	f.DurationVar(&web.Pause, "pause", web.Pause, "of a site: between two requests")
	for _, name := range []string{"base", "user"} {
		_ = cmd.MarkFlagRequired(name) // fails for a flag that does not exist
	}
	return cmd
}

func openOrigins(args []string, web connect.WebConfig) (list []connect.Origin, err error) {
	for _, arg := range args {
		var origin connect.Origin
		if strings.Contains(arg, "://") {
			origin, err = connect.OpenWeb(arg, web)
		} else {
			origin, err = connect.OpenFolder(arg)
		}
		if err != nil {
			return nil, err
		}
		list = append(list, origin)
	}
	return list, nil
}

// scopeOf is what a user may see.
func scopeOf(ctx context.Context, svc *tenancy.Service, tenant, email string) (chat.Scope, error) {
	t, err := findTenant(ctx, svc, tenant)
	if err != nil {
		return chat.Scope{}, err
	}
	u, err := svc.UserByEmail(ctx, tenancy.Console(t.ID), email)
	return chat.Scope{Tenant: t.ID, User: u.ID, Groups: u.Groups}, err
}

func namedBase(ctx context.Context, lib *knowledge.Library, sc chat.Scope, name string) (knowledge.Base, error) {
	list, err := lib.Bases(ctx, sc)
	if err != nil {
		return knowledge.Base{}, err
	}
	var found []knowledge.Base
	for _, b := range list {
		if b.ID == name || b.Name == name {
			found = append(found, b)
		}
	}
	switch len(found) {
	case 0:
		return lib.Create(ctx, sc, knowledge.NewBase{Name: name})
	case 1:
		return found[0], nil
	}
	return knowledge.Base{}, fmt.Errorf("%d knowledge bases have the name %q: give the id of one, such as %s", len(found), name, found[0].ID)
}

// syncAll tells what it did with each origin. An origin that fails does not keep the others from theirs.
func syncAll(ctx context.Context, out io.Writer, lib *knowledge.Library, sc chat.Scope, base string, origins []connect.Origin) error {
	failed := 0
	for _, origin := range origins {
		r, err := connect.Sync(ctx, lib, sc, base, origin)
		_, _ = fmt.Fprintf(out, "%s: %d new, %d changed, %d gone, %d as they were\n", origin.Name(), r.Added, r.Changed, r.Gone, r.Same)
		for _, f := range r.Failed {
			_, _ = fmt.Fprintf(out, "  %s: %v\n", f.Path, f.Err)
		}
		if err != nil {
			_, _ = fmt.Fprintf(out, "  %v\n", err)
		}
		if err != nil || len(r.Failed) > 0 {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d could not be brought as a whole", failed, len(origins))
	}
	return nil
}
