import { mount } from 'svelte'
import './app.css'
import './panels/panels.css'
import App from './App.svelte'

const target = document.getElementById('board')
if (target === null) throw new Error('the page has no element #board')
mount(App, { target })
