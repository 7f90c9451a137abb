import { z } from 'zod';
import { catalog, type Recipe, recipe } from '../../provisioning/catalog/recipe.ts';
import { notFound } from '../middleware/errors.ts';
import { pageOf } from '../middleware/paging.ts';
import { api, type Route } from '../middleware/route.ts';

const PATH = '/api/v1/catalog';
const recipeAnswer = z.object({
  id: z.string(),
  name: z.string(),
  version: z.string(),
  category: z.string(),
  tagline: z.string(),
  description: z.string(),
  license: z.string(),
  homepage: z.string(),
  icon: z.string(),
  database: z.boolean(),
  owner: z.boolean(),
  questions: z.array(z.record(z.string(), z.unknown())),
});

function out(from: Recipe): z.infer<typeof recipeAnswer> {
  const { id, name, version, category, tagline, description, license, homepage, icon, needs, owner, question } = from;
  return {
    id,
    name,
    version,
    category,
    tagline,
    description,
    license,
    homepage,
    icon,
    database: needs.database,
    owner: Boolean(owner),
    questions: question,
  };
}

/** The catalogue over REST. */
export const routes: Route[] = [
  api({
    method: 'GET',
    path: PATH,
    policy: 'person',
    summary: 'Lists what can be installed',
    answer: pageOf(recipeAnswer),
    run: () => ({ items: catalog().map(out), next: null }),
  }),
  api({
    method: 'GET',
    path: `${PATH}/:recipe`,
    policy: 'person',
    summary: 'Shows one recipe with its questions',
    answer: recipeAnswer,
    run({ params }) {
      const found = recipe(params.recipe!);
      if (!found) throw notFound('recipe');
      return out(found);
    },
  }),
];
