import { limits } from '../limits.ts';

/** A form seen as a tree: `Tags.member.1.Key=x` is the node Tags → member → 1 → Key with the value `x`. */
export interface FormNode {
  value: string | undefined;
  children: Map<string, FormNode> | undefined;
}

/** The form is not one that the query protocol knows. */
export class FormError extends Error {}

const node = (): FormNode => ({ value: undefined, children: undefined });

/** Builds the tree. Of a repeated parameter the first value counts. Throws FormError on names nested too deeply. */
export function formTree(pairs: readonly (readonly [name: string, value: string])[]): FormNode {
  const root = node();
  for (const [name, value] of pairs) {
    const steps = name.split('.');
    if (steps.length > limits.formDepth) throw new FormError('a parameter name is nested too deeply');
    let at = root;
    for (const step of steps) {
      at.children ??= new Map();
      let next = at.children.get(step);
      if (!next) at.children.set(step, (next = node()));
      at = next;
    }
    at.value ??= value;
  }
  return root;
}

/** The numbered children of a list or map, in the order of their numbers; gaps are closed. */
export function numbered(parent: FormNode): FormNode[] {
  const found: [number, FormNode][] = [];
  for (const [name, child] of parent.children ?? []) {
    if (/^[1-9]\d{0,5}$/.test(name)) found.push([Number(name), child]);
  }
  return found.sort(([a], [b]) => a - b).map(([, child]) => child);
}
