package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/parley-chat/parley/internal/tenancy"
)

func newTenantCmd(open openAccounts) *cobra.Command {
	a := &accounts{open: open}
	cmd := &cobra.Command{Use: "tenant", Short: "Manage the teams of this install"}
	cmd.PersistentFlags().BoolVar(&a.json, "json", false, "print JSON")
	cmd.AddCommand(tenantAdd(a), tenantList(a), tenantRename(a), tenantRemove(a), tenantShred(a))
	return cmd
}

func tenantAdd(a *accounts) *cobra.Command {
	var name string
	cmd := &cobra.Command{Use: "add SLUG", Short: "Make a tenant with an encryption key of its own", Args: cobra.ExactArgs(1)}
	cmd.Flags().StringVar(&name, "name", "", "the name that people see (default: the slug)")
	cmd.RunE = a.run(func(cmd *cobra.Command, svc *tenancy.Service, args []string) error {
		if name == "" {
			name = args[0]
		}
		t, err := svc.CreateTenant(cmd.Context(), tenancy.Console(""), tenancy.NewTenant{Slug: args[0], Name: name})
		if err != nil {
			return err
		}
		return a.printTenants(cmd, t, t)
	})
	return cmd
}

func tenantList(a *accounts) *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List all tenants", Args: cobra.NoArgs,
		RunE: a.run(func(cmd *cobra.Command, svc *tenancy.Service, _ []string) error {
			list, err := svc.Tenants(cmd.Context(), tenancy.Console(""))
			if err != nil {
				return err
			}
			return a.printTenants(cmd, list, list...)
		}),
	}
}

func tenantRename(a *accounts) *cobra.Command {
	return &cobra.Command{
		Use: "rename SLUG NAME", Short: "Change the name that people see", Args: cobra.ExactArgs(2),
		RunE: a.run(func(cmd *cobra.Command, svc *tenancy.Service, args []string) error {
			t, err := svc.RenameTenant(cmd.Context(), tenancy.Console(""), args[0], args[1])
			if err != nil {
				return err
			}
			return a.printTenants(cmd, t, t)
		}),
	}
}

func tenantRemove(a *accounts) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "rm SLUG", Short: "Close a tenant: nobody signs in to it any more", Args: cobra.ExactArgs(1),
		Long: "Close a tenant: its people are signed out, its keys stop working. Its data stays, encrypted; destroy it with tenant shred.",
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	cmd.RunE = a.run(func(cmd *cobra.Command, svc *tenancy.Service, args []string) error {
		if !yes {
			if err := confirmWord(cmd, "This signs everybody out of the tenant "+args[0]+".", args[0]); err != nil {
				return err
			}
		}
		if err := svc.DeleteTenant(cmd.Context(), tenancy.Console(""), args[0]); err != nil {
			return err
		}
		fmt.Fprintln(cmd.ErrOrStderr(), "closed", args[0])
		return nil
	})
	return cmd
}

func tenantShred(a *accounts) *cobra.Command {
	var confirm string
	cmd := &cobra.Command{
		Use: "shred SLUG", Short: "Destroy a tenant's key: its texts are unreadable for ever", Args: cobra.ExactArgs(1),
		Long: "Destroy a tenant's encryption key, which makes all of its texts unreadable for ever, and close the tenant.\n" +
			"The snapshots of this install lose the key too, and restore and rollback do not bring it back here. A backup\n" +
			"elsewhere still holds it, and gives it to who has the master key as well: destroy those backups too.",
	}
	cmd.Flags().StringVar(&confirm, "confirm", "", "the slug once more, instead of being asked for it")
	cmd.RunE = a.run(func(cmd *cobra.Command, svc *tenancy.Service, args []string) error {
		t, err := svc.Tenant(cmd.Context(), tenancy.Console(""), args[0])
		if err != nil {
			return err
		}
		if !cmd.Flags().Changed("confirm") {
			if err := confirmWord(cmd, "This destroys all texts of "+t.Name+" for ever.", t.Slug); err != nil {
				return err
			}
			confirm = t.Slug
		}
		snapshots, err := svc.ShredTenant(cmd.Context(), tenancy.Console(""), t.ID, confirm)
		if err != nil {
			return err
		}
		fmt.Fprintf(cmd.ErrOrStderr(), "shredded %s; its key was taken out of %d snapshots. Backups elsewhere still hold it: destroy them too.\n", t.Slug, snapshots)
		return nil
	})
	return cmd
}

// printTenants prints v as JSON, or the tenants as a table.
func (a *accounts) printTenants(cmd *cobra.Command, v any, tenants ...tenancy.Tenant) error {
	rows := make([][]string, 0, len(tenants))
	for _, t := range tenants {
		state := "active"
		if !t.DeletedAt.IsZero() {
			state = "closed"
		} else if t.Operator {
			state = "first"
		}
		rows = append(rows, []string{t.ID, t.Slug, t.Name, state, when(t.CreatedAt)})
	}
	return a.print(cmd, v, "ID SLUG NAME STATE CREATED", rows...)
}
