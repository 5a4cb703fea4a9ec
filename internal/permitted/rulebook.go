package permitted

import (
	"slices"
	"strings"

	"ipclab/internal/policy/model"
)

// rulebook answers what the policy's rules say about single permissions.
type rulebook struct {
	m        *model.Model
	bySource map[int][]int32 // rules that a type is the source of
	free     map[int]bool    // permissive domains
}

func newRulebook(m *model.Model) (*rulebook, error) {
	b := &rulebook{m: m, bySource: map[int][]int32{}, free: map[int]bool{}}
	for _, n := range m.Permissive {
		set, err := m.TypesOf(n.List[len(n.List)-1].Text)
		if err != nil {
			return nil, err
		}
		set.Each(func(i int) { b.free[i] = true })
	}
	return b, nil
}

// ruling is the answer about one permission.
type ruling struct {
	allowed  bool
	rule     string   // that grants it, with its place; or why it needs none
	booleans []string // that rules about it are under
}

// ask tells whether a type has a permission on another one, with booleans of
// certain values. A rule without condition is preferred.
func (b *rulebook) ask(from, to, class, perm string, values map[string]bool) (ruling, error) {
	source, _ := b.m.Number(from)
	target, _ := b.m.Number(to)
	return b.decide(source, class, perm, values, func(r *model.Rule) (bool, error) { return b.about(r, source, target) })
}

// anywhere tells whether a type has a permission on any type.
func (b *rulebook) anywhere(from, class, perm string, values map[string]bool) (ruling, error) {
	source, _ := b.m.Number(from)
	return b.decide(source, class, perm, values, func(*model.Rule) (bool, error) { return true, nil })
}

// decide goes through the rules of a source that grant a permission and are about
// what is meant.
func (b *rulebook) decide(source int, class, perm string, values map[string]bool, about func(*model.Rule) (bool, error)) (ruling, error) {
	number := slices.Index(b.m.Permissions(class), perm)
	if number < 0 {
		return ruling{allowed: b.m.Unknown == "allow",
			rule: "the policy does not know " + class + " " + perm + ", and lets everybody have what it does not know"}, nil
	}
	if b.free[source] {
		return ruling{allowed: true, rule: b.m.Types[source] + " is permissive: nothing is denied to it"}, nil
	}
	rules, err := b.of(source)
	var answer ruling
	for _, i := range rules {
		r := &b.m.Rules[i]
		if !grants(r, class, number) {
			continue
		}
		fits, err := about(r)
		if err != nil {
			return answer, err
		}
		if !fits {
			continue
		}
		if err := b.count(r, values, &answer); err != nil || r.When == nil {
			return answer, err
		}
	}
	return answer, err
}

// count adds what a rule says to an answer. One without condition is the answer.
func (b *rulebook) count(r *model.Rule, values map[string]bool, answer *ruling) error {
	holds, err := b.m.Holds(r.When, values)
	if err != nil {
		return err
	}
	if r.When == nil {
		*answer = ruling{allowed: true, rule: ruleText(r)}
		return nil
	}
	answer.booleans = append(answer.booleans, r.When.Names()...)
	if holds && !answer.allowed {
		answer.allowed, answer.rule = true, ruleText(r)
	}
	return nil
}

// of gives the rules that a type is the source of.
func (b *rulebook) of(source int) ([]int32, error) {
	if rules, ok := b.bySource[source]; ok {
		return rules, nil
	}
	member := map[string]bool{}
	var rules []int32
	for i := range b.m.Rules {
		name := b.m.Rules[i].From
		is, known := member[name]
		if !known {
			set, err := b.m.TypesOf(name)
			if err != nil {
				return nil, err
			}
			is = set.Has(source)
			member[name] = is
		}
		if is {
			rules = append(rules, int32(i))
		}
	}
	b.bySource[source] = rules
	return rules, nil
}

// about tells whether a rule of the source is about a target.
func (b *rulebook) about(r *model.Rule, source, target int) (bool, error) {
	if r.To == "self" {
		return source == target, nil
	}
	set, err := b.m.TypesOf(r.To)
	return err == nil && set.Has(target), err
}

// has lists the rules that give a type anything of a class on another one, a few.
func (b *rulebook) has(from, to, class string) []string {
	const most = 3
	source, _ := b.m.Number(from)
	target, _ := b.m.Number(to)
	rules, err := b.of(source)
	var texts []string
	for _, i := range rules {
		r := &b.m.Rules[i]
		if !slices.ContainsFunc(r.Access, func(a model.Access) bool { return a.Class == class }) {
			continue
		}
		if fits, wrong := b.about(r, source, target); wrong == nil && fits {
			texts = append(texts, ruleText(r))
		}
		if len(texts) == most {
			break
		}
	}
	if err != nil {
		return nil
	}
	return texts
}

func grants(r *model.Rule, class string, perm int) bool {
	return slices.ContainsFunc(r.Access, func(a model.Access) bool { return a.Class == class && a.Perms.Has(perm) })
}

// ruleText is a rule with its place and its condition.
func ruleText(r *model.Rule) string {
	const most = 200
	text := r.Source.String()
	if len(text) > most {
		text = text[:most] + "…"
	}
	text = r.Source.Pos.String() + ": " + text
	if r.When != nil {
		word := " if "
		if !r.When.Is {
			word = " unless "
		}
		text += word + strings.Trim(r.When.Expr.String(), "()")
	}
	return text
}
