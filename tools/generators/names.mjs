/** kebab-case → camelCase, PascalCase, UPPER_CASE. */
export const namesOf = (kebab) => {
  const camel = kebab.replace(/-(.)/g, (_, letter) => letter.toUpperCase());
  return { kebab, camel, pascal: camel[0].toUpperCase() + camel.slice(1), upper: kebab.toUpperCase().replaceAll('-', '_') };
};
