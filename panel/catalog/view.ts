import type { Recipe } from '../../provisioning/catalog/recipe.ts';

/** What people are told of a recipe. */
export interface RecipeView {
  id: string;
  name: string;
  tagline: string;
  description: string;
  category: string;
  license: string;
  homepage: string;
  icon: string;
  python: string;
  database: boolean;
  owner: boolean;
  questions: Recipe['question'];
}

/** Puts a recipe into the shape pages show. */
export function recipeView(recipe: Recipe): RecipeView {
  const { id, name, tagline, description, category, license, homepage, icon } = recipe;
  return {
    id,
    name,
    tagline,
    description,
    category,
    license,
    homepage,
    icon,
    python: recipe.requires.python,
    database: recipe.needs.database,
    owner: recipe.owner !== undefined,
    questions: recipe.question,
  };
}
