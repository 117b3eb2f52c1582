package app

import (
	"context"

	"github.com/kithdata/kith/internal/api"
	"github.com/kithdata/kith/internal/config"
	"github.com/kithdata/kith/internal/kit/errs"
)

// plans implements api.Plans.
type plans struct{ a *App }

// tree reads the project's file as it is now.
func (p plans) tree() (*config.Tree, error) {
	if p.a.opts.Load == nil {
		return p.a.tree, nil
	}
	return p.a.opts.Load()
}

func (p plans) Plan(ctx context.Context) (*api.Plan, error) {
	tree, err := p.tree()
	if err != nil {
		return nil, err
	}
	_, now := p.a.rules.last()
	plan := config.NewPlan(now, tree.Rules)
	out := &api.Plan{Running: now.Fingerprint(), Fingerprint: tree.Rules.Fingerprint(), Generation: plan.NeedsGeneration, Changes: changes(plan),
		Notes: config.EngineNotes(p.a.tree.Engine, tree.Engine)}
	note, err := p.a.keepNote(ctx, tree)
	if note != "" {
		out.Notes = append(out.Notes, note)
	}
	return out, err
}

func (p plans) Apply(ctx context.Context, fingerprint, by string) (*api.Applied, error) {
	tree, err := p.tree()
	if err != nil {
		return nil, err
	}
	if err := p.a.lookForRules(ctx); err != nil { // those that another process put into force
		return nil, err
	}
	if tree.Rules.Fingerprint() != fingerprint {
		return nil, errs.New("plan_changed", "the file was changed since the plan was made").Fix("make the plan again, and apply that")
	}
	latest, now := p.a.rules.last()
	out := &api.Applied{Fingerprint: fingerprint, Rules: latest}
	plan := config.NewPlan(now, tree.Rules)
	if plan.Empty() {
		return out, nil
	}
	pos, err := p.a.proposeRules(ctx, tree.Rules, by)
	if err != nil {
		return nil, err
	}
	out.Rules, out.Generation, out.Token = latest+1, plan.NeedsGeneration, pos.Token()
	return out, nil
}

func changes(plan config.Plan) []api.PlanChange {
	all := []api.PlanChange{}
	for _, c := range plan.Changes {
		change := c.What
		if change == "dropped" {
			change = "removed"
		}
		all = append(all, api.PlanChange{Path: c.Subject, Change: change, Effect: c.Sentence})
	}
	return all
}
